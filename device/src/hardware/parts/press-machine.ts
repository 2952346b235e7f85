import type { Milliseconds } from '@cat-feeder/shared';
import type { PressPattern } from '../../platform/front-button.ts';

/*
 * What a finger on the button means.
 *
 *   up --down--> down --up--> between --down--> down_again --up--> up      (double)
 *                 |             \--nothing for 350 ms--> up                (press)
 *                 \--held 1200 ms--> held --up--> up                       (long, told while held)
 *   down_again --held 1200 ms--> held                                      (long)
 *
 * P1 Each time the finger is lifted for good, exactly one pattern has been told since it came.
 * P2 What counts is when the line changed, not when this program looked: a held time is judged at
 *    the release, too, so that a program that was busy does not miss a long press.
 * P3 An edge that repeats the level (one was lost) changes nothing.
 */

/** From here on a press is a long one. */
export const LONG_MS: Milliseconds = 1200;
/** A second press that comes within this time makes a double press. */
export const DOUBLE_GAP_MS: Milliseconds = 350;

export type PressState = 'up' | 'down' | 'between' | 'down_again' | 'held';
export type PressEvent = 'down' | 'up' | 'time';

/** Where the machine stands, and since when. */
export interface Pressing {
  readonly state: PressState;
  readonly sinceMs: Milliseconds;
}

/** A step: the new state, what is told, and when to come back with `time` (null: not at all). */
export interface PressStep {
  readonly pressing: Pressing;
  readonly pattern: PressPattern | null;
  readonly wakeAtMs: Milliseconds | null;
}

/** The button before anybody touched it. */
export const unpressed: Pressing = { state: 'up', sinceMs: 0 };

/** One event at its own time. `time` tells that time has passed. */
export function nextPress(now: Pressing, event: PressEvent, atMs: Milliseconds): PressStep {
  const passedMs = atMs - now.sinceMs;
  switch (now.state) {
    case 'up':
      return event === 'down' ? enter('down', atMs) : stay(now);
    case 'down':
    case 'down_again':
      if (event === 'up') return lifted(now.state, passedMs, atMs);
      if (event === 'time' && passedMs >= LONG_MS) return enter('held', atMs, 'long');
      return stay(now);
    case 'between':
      if (passedMs >= DOUBLE_GAP_MS) {
        return event === 'down' ? enter('down', atMs, 'press') : enter('up', atMs, 'press');
      }
      return event === 'down' ? enter('down_again', atMs) : stay(now);
    case 'held':
      return event === 'up' ? enter('up', atMs) : stay(now);
  }
}

function lifted(state: 'down' | 'down_again', heldMs: Milliseconds, atMs: Milliseconds): PressStep {
  if (heldMs >= LONG_MS) return enter('up', atMs, 'long');
  return state === 'down' ? enter('between', atMs) : enter('up', atMs, 'double');
}

function enter(
  state: PressState,
  sinceMs: Milliseconds,
  pattern: PressPattern | null = null,
): PressStep {
  return stepOf({ state, sinceMs }, pattern);
}

function stay(pressing: Pressing): PressStep {
  return stepOf(pressing, null);
}

function stepOf(pressing: Pressing, pattern: PressPattern | null): PressStep {
  const { state, sinceMs } = pressing;
  const isDown = state === 'down' || state === 'down_again';
  const waitMs = isDown ? LONG_MS : state === 'between' ? DOUBLE_GAP_MS : null;
  return { pressing, pattern, wakeAtMs: waitMs === null ? null : sinceMs + waitMs };
}
