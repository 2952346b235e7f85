import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClipWorld, type Fault } from './clip-world.ts';

type Deed = (world: ClipWorld) => Promise<void> | void;
interface Named {
  readonly [fc.toStringMethod]: () => string;
  readonly run: Deed;
}

const deed = <T>(
  name: string,
  values: fc.Arbitrary<T>,
  run: (world: ClipWorld, value: T) => unknown,
) =>
  values.map(
    (value): Named => ({
      [fc.toStringMethod]: () => `${name} ${JSON.stringify(value)}`,
      run: async (world) => void (await run(world, value)),
    }),
  );

const faults: readonly Fault[] = [
  'lost',
  'answer lost',
  'noise',
  'changed',
  'deleted meanwhile',
  'crash',
];
const pick = fc.nat({ max: 5 });
const deeds = fc.oneof(
  { weight: 12, arbitrary: deed('act', fc.constant('none' as Fault), (w, f) => w.act(f)) },
  { weight: 4, arbitrary: deed('act', fc.constantFrom(...faults), (w, f) => w.act(f)) },
  {
    weight: 2,
    arbitrary: deed('clip', fc.integer({ min: 1, max: 10 }), (w, parts) => w.addClip(parts)),
  },
  {
    weight: 2,
    arbitrary: deed('pass', fc.constantFrom(100, 5_000, 70_000, 3_600_000), (w, ms) => w.pass(ms)),
  },
  deed(
    'drop',
    fc.record({ n: pick, reason: fc.constantFrom('person', 'quota' as const) }),
    (w, { n, reason }) => w.drop(n, reason),
  ),
  deed('remove in cloud', pick, (w, n) => w.removeInCloud(n)),
  deed(
    'conditions',
    fc.record({ isWanted: fc.boolean(), isOnline: fc.boolean(), isBusy: fc.boolean() }),
    (w, some) => {
      Object.assign(w.conditions, some);
      return w.look();
    },
  ),
  deed('away', fc.boolean(), (w, isAway) => {
    w.objects.isAway = isAway;
  }),
  deed('uploads end', fc.constant(0), (w) => w.endUploads()),
  deed('old address', pick, (w, n) => w.useOldAddress(n)),
  deed('sweep', fc.constant(0), (w) => w.sweep()),
);

/** Everything is well again for long enough. */
async function settle(world: ClipWorld): Promise<void> {
  Object.assign(world.conditions, { isWanted: true, isOnline: true, isBusy: false });
  world.objects.isAway = false;
  // A start brings back what was set aside.
  await world.act('crash');
  for (let round = 0; round < 400; round++) {
    await world.pass(60_000);
    await world.act('none');
  }
  for (let times = 0; times < 3; times++) {
    await world.pass(3 * 3_600_000);
    await world.sweep();
  }
}

describe('clips on their way, with every fault', () => {
  it('B1, B2, B3, K1 to K4 hold at every step, and all are there in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { maxLength: 120, size: 'max' }), async (plan) => {
        const world = new ClipWorld();
        world.addClip(2);
        for (const { run } of plan) await run(world);
        expect(world.violations).toEqual([]);
        await settle(world);
        expect(world.violations).toEqual([]);
        for (const clip of world.clips.values()) {
          expect([clip.id, clip.isSent || clip.isDamaged || world.deleted.has(clip.id)]).toEqual([
            clip.id,
            true,
          ]);
        }
        for (const key of world.objects.objects.keys()) {
          expect(world.deleted.has(key.replace('clips/', '')), key).toBe(false);
        }
      }),
      { numRuns: Number(process.env['CLIP_RUNS'] ?? 150) },
    );
  });
});
