/*
 * Whether the page hears the feeder.
 *
 *   connecting --heard--> live --silent/failed--> lost --heard--> live
 *        |--silent/failed--> lost
 *   any --hidden--> asleep --shown--> connecting
 *
 * I1 `live` means: something was heard within SILENCE_MS_MAX.
 * I2 A feeding can only be asked for in `live`; nothing is kept for later.
 * I3 A page nobody looks at holds no connection.
 */
export type LinkState = 'connecting' | 'live' | 'lost' | 'asleep';
export type LinkEvent = 'heard' | 'silent' | 'failed' | 'hidden' | 'shown';

/** The feeder says something at least once a second; after this much silence the link is lost. */
export const SILENCE_MS_MAX = 2_200;
/** Waits between attempts to connect again; the last one repeats. */
export const RETRY_DELAYS_MS = [300, 1_000, 2_000, 4_000] as const;

const table: Record<LinkState, Record<LinkEvent, LinkState>> = {
  connecting: {
    heard: 'live',
    silent: 'lost',
    failed: 'lost',
    hidden: 'asleep',
    shown: 'connecting',
  },
  live: { heard: 'live', silent: 'lost', failed: 'lost', hidden: 'asleep', shown: 'live' },
  lost: { heard: 'live', silent: 'lost', failed: 'lost', hidden: 'asleep', shown: 'lost' },
  asleep: {
    heard: 'asleep',
    silent: 'asleep',
    failed: 'asleep',
    hidden: 'asleep',
    shown: 'connecting',
  },
};

/** The state after an event. */
export function nextLinkState(state: LinkState, event: LinkEvent): LinkState {
  return table[state][event];
}

/** How long to wait before attempt number `attempt`, counted from 0. */
export function retryDelayMs(attempt: number): number {
  return RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)] ?? 4_000;
}
