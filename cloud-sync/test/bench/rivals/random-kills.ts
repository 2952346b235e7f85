import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../../../device/src/platform/random.ts';
import type { Victim } from './contender.ts';

const BETWEEN_MS = { min: 300, max: 1_500 };
const DOWN_MS = 300;

/** Kills one of them after the other at instants of the seed, and starts it again, for so long. */
export async function killAtRandom(
  victims: readonly Victim[],
  { seed, forMs }: { readonly seed: number; readonly forMs: number },
): Promise<Record<string, number>> {
  const random = new SeededRandom(seed);
  const kills = Object.fromEntries(victims.map(({ name }) => [name, 0]));
  const untilMs = performance.now() + forMs;
  for (;;) {
    await sleep(BETWEEN_MS.min + random.next() * (BETWEEN_MS.max - BETWEEN_MS.min));
    if (performance.now() > untilMs) return kills;
    const victim = victims[Math.floor(random.next() * victims.length)];
    if (victim === undefined) return kills;
    await victim.kill();
    kills[victim.name] = (kills[victim.name] ?? 0) + 1;
    await sleep(random.next() * DOWN_MS);
    await victim.start();
  }
}
