import type { ClipVisit } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { CameraRig } from '../../test/support/camera-rig.ts';
import { feedingOf } from '../../test/support/clip-fixtures.ts';

const meal = feedingOf({ id: '01h0000000000000000000meal' });
const served = { ...meal, state: 'done', result: 'served' } as const;
/** Clips of ten seconds, so that what lasts longer has several. */
const shortClips = { takes: { preRollMs: 5000, postRollMs: 5000, clipMs: 10_000 } };

/** A cat comes, is fed and stays; resolves with what the ledger will know of its visit. */
async function visitWithMeal(rig: CameraRig): Promise<ClipVisit> {
  const startedMs = rig.clock.wallMs();
  rig.camera.visitBegan();
  await rig.pass(2000);
  rig.camera.feedingBegan(meal);
  await rig.pass(6000);
  rig.camera.feedingEnded(served);
  await rig.pass(20_000);
  rig.camera.visitEnded();
  return { startedMs, endedMs: rig.clock.wallMs(), petId: 'whiskers' };
}

const namesOf = (rig: CameraRig) =>
  rig.catalogue.all().map(({ feedingIds, visits, petIds }) => ({ feedingIds, visits, petIds }));

describe('a meal during a visit', () => {
  it('is on the clip of the visit, and the visit on the clip of the meal', async () => {
    const rig = await CameraRig.running();
    const visit = await visitWithMeal(rig);
    rig.camera.visitRecorded(visit);
    await rig.pass(10_000);
    expect(namesOf(rig)).toEqual([
      { feedingIds: [meal.id], visits: [visit], petIds: ['whiskers'] },
    ]);
  });

  it('is so on every part of a long one, though the visit is known when it is over', async () => {
    // At once, while the last part is open; while it waits for its last second; long after it.
    for (const afterMs of [0, 5200, 25_000]) {
      const rig = await CameraRig.running(shortClips);
      const visit = await visitWithMeal(rig);
      await rig.pass(afterMs);
      rig.camera.visitRecorded(visit);
      rig.camera.visitRecorded(visit);
      await rig.pass(20_000);
      expect(namesOf(rig).length).toBeGreaterThan(2);
      for (const names of namesOf(rig)) {
        expect(names).toEqual({ feedingIds: [meal.id], visits: [visit], petIds: ['whiskers'] });
      }
      expect(rig.clips).toEqual(rig.catalogue.all());
    }
  });

  it('does not put the visit on clips that show nothing of it', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(meal);
    await rig.pass(3000);
    rig.camera.feedingEnded(served);
    await rig.pass(60_000);
    const visit = await visitWithMeal(rig);
    await rig.pass(60_000);
    rig.camera.feedingBegan(meal);
    await rig.pass(1000);
    rig.camera.visitRecorded(visit);
    await rig.pass(3000);
    rig.camera.feedingEnded(served);
    await rig.pass(20_000);
    expect(namesOf(rig).map(({ visits }) => visits)).toEqual([[], [visit], []]);
  });
});
