import { setTimeout as sleep } from 'node:timers/promises';
import { benchBody } from '../bench-feeder.ts';

/* The facts that all contenders are given, and what became of them. */

/** Facts by their numbers: from `first`, so many. */
export interface FactRange {
  readonly first: number;
  readonly events: number;
}

/** What a fact is known by, wherever it is stored: the feeding that it tells of. */
export const factId = (n: number): string => benchBody(n).feedingId;

export interface Fate {
  /** Facts that the receiver does not have. */
  readonly lost: number;
  /** Copies beyond the first of each fact. */
  readonly duplicated: number;
}

/** What became of these facts, by the ids that the receiver has stored, each as often as it is there. */
export function fateOf({ first, events }: FactRange, stored: Iterable<string>): Fate {
  const copies = new Map<string, number>();
  for (let n = first; n < first + events; n++) copies.set(factId(n), 0);
  for (const id of stored) {
    const known = copies.get(id);
    if (known !== undefined) copies.set(id, known + 1);
  }
  let [lost, duplicated] = [0, 0];
  for (const count of copies.values()) {
    if (count === 0) lost += 1;
    else duplicated += count - 1;
  }
  return { lost, duplicated };
}

/** Does something for each number from 0 at its instant, in order; what is late is done at once. */
export async function paced(
  { events, perSecond }: { readonly events: number; readonly perSecond: number },
  put: (n: number) => unknown,
): Promise<void> {
  const beganMs = performance.now();
  for (let n = 0; n < events; n++) {
    const waitMs = beganMs + (n * 1000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    await put(n);
  }
}
