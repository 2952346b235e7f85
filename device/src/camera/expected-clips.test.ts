import { describe, expect, it } from 'vitest';
import { CameraRig } from '../../test/support/camera-rig.ts';
import { feedingOf } from '../../test/support/clip-fixtures.ts';

const meal = feedingOf({ id: '01h0000000000000000000meal', petId: 'whiskers' });
const served = { ...meal, state: 'done', result: 'served' } as const;
const stopped = 'The feeder stopped before the clip was made.';

/** The daemon dies here: another start finds what is durable, and nothing else. */
async function restarted(
  dead: CameraRig,
  cutOff?: typeof meal,
  isClosedLate = false,
): Promise<CameraRig> {
  const rig = new CameraRig({ catalogue: dead.catalogue, files: dead.disk, maker: dead.disk });
  if (cutOff !== undefined) {
    rig.camera.feedingsCutOff([cutOff]);
    if (!isClosedLate) rig.camera.feedingCutOff(cutOff);
  }
  await rig.camera.desk.settled();
  rig.camera.start();
  await rig.pass(5000);
  return rig;
}

const lostOf = ({ catalogue }: CameraRig) =>
  catalogue.ledger.flatMap((entry) => (entry.name === 'clip.dropped' ? [entry.body] : []));

describe('clips that were to be when the feeder stopped', () => {
  it('tells once of a visit that went with the memory', async () => {
    const dead = await CameraRig.running();
    dead.camera.visitBegan();
    await dead.pass(3000);
    for (let start = 0; start < 3; start++) await restarted(dead);
    expect(lostOf(dead)).toMatchObject([
      { feedingIds: [], bytes: null, reason: 'not_made', why: stopped },
    ]);
    const beganMs = dead.clock.wallMs() - 3000;
    expect(lostOf(dead)[0]?.startedMs).toBe(beganMs - 5000);
    expect(dead.catalogue.expected()).toEqual([]);
  });

  it('tells once of a finished meal whose clip was still to be made', async () => {
    for (const sinceMs of [0, 4000]) {
      const dead = await CameraRig.running();
      dead.camera.feedingBegan(meal);
      await dead.pass(8000);
      dead.camera.feedingEnded(served);
      await dead.pass(sinceMs);
      for (let start = 0; start < 3; start++) await restarted(dead);
      expect(lostOf(dead)).toMatchObject([{ feedingIds: [meal.id], why: stopped }]);
    }
  });

  it('tells of every part of a long meal that was not a clip yet', async () => {
    const dead = await CameraRig.running({
      takes: { preRollMs: 5000, postRollMs: 5000, clipMs: 10_000 },
    });
    dead.camera.feedingBegan(meal);
    await dead.pass(15_100);
    dead.camera.feedingEnded(served);
    // The second part still waits for its last segment, and the third is open.
    const made = dead.catalogue.all().length;
    await restarted(dead);
    expect([made, lostOf(dead).length]).toEqual([1, 2]);
  });

  it('writes nothing while a meal runs, and once for each clip', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(meal);
    await rig.pass(8000);
    expect(rig.catalogue.expectations).toBe(0);
    rig.camera.feedingEnded(served);
    expect(rig.catalogue.expectations).toBe(1);
    await rig.pass(20_000);
    rig.camera.visitBegan();
    await rig.pass(8000);
    rig.camera.visitEnded();
    await rig.pass(20_000);
    expect(rig.clips).toHaveLength(2);
    expect(rig.catalogue.expectations).toBe(2);
    expect(rig.catalogue.expected()).toEqual([]);
  });

  it('tells once of a meal that was cut off, though it began during a visit', async () => {
    const dead = await CameraRig.running();
    dead.camera.visitBegan();
    await dead.pass(2000);
    const begun = { ...meal, startedAtMs: dead.clock.wallMs() };
    dead.camera.feedingBegan(begun);
    await dead.pass(3000);
    for (let start = 0; start < 2; start++) {
      await restarted(dead, start === 0 ? begun : undefined);
    }
    expect(lostOf(dead)).toMatchObject([{ feedingIds: [meal.id], reason: 'not_made' }]);
  });

  it.each([false, true])(
    'names visit and meal in one, also when the meal is closed late (%s)',
    async (isClosedLate) => {
      const dead = await CameraRig.running();
      dead.camera.visitBegan();
      await dead.pass(2000);
      const noted = dead.catalogue.expected();
      const begun = { ...meal, startedAtMs: dead.clock.wallMs() };
      dead.camera.feedingBegan(begun);
      await dead.pass(3000);
      const rig = await restarted(dead, begun, isClosedLate);
      expect(lostOf(dead)).toHaveLength(isClosedLate ? 0 : 1);
      if (isClosedLate) rig.camera.feedingCutOff(begun);
      await restarted(dead);
      expect(lostOf(dead)).toMatchObject([{ clipId: noted[0]?.id, feedingIds: [meal.id] }]);
    },
  );

  it('names the meals of a visit that have ended, in as many writes', async () => {
    const dead = await CameraRig.running();
    dead.camera.visitBegan();
    await dead.pass(2000);
    const other = feedingOf({ id: '01h000000000000000000other' });
    for (const one of [meal, other]) {
      dead.camera.feedingBegan(one);
      await dead.pass(3000);
      dead.camera.feedingEnded({ ...one, state: 'done', result: 'served' });
      await dead.pass(3000);
    }
    expect(dead.catalogue.expectations).toBe(3);
    for (let start = 0; start < 2; start++) await restarted(dead);
    expect(lostOf(dead)).toMatchObject([{ feedingIds: [meal.id, other.id], why: stopped }]);
  });

  it('tells of a meal that was cut off apart from the visit long before it', async () => {
    const dead = await CameraRig.running();
    dead.catalogue.expect([{ id: 'a visit', feedingIds: [], startedMs: dead.clock.wallMs() }]);
    await dead.pass(70_000);
    await restarted(dead, { ...meal, startedAtMs: dead.clock.wallMs() });
    expect(lostOf(dead).map(({ feedingIds }) => feedingIds)).toEqual([[meal.id], []]);
  });

  it('tells of nothing that was forgotten on purpose', async () => {
    const dead = await CameraRig.running();
    dead.camera.visitBegan();
    await dead.pass(1000);
    dead.privacy = 'switch';
    dead.camera.settingsChanged();
    await restarted(dead);
    expect(lostOf(dead)).toEqual([]);
  });

  it('tells of nothing that is taken in again with its file', async () => {
    const dead = await CameraRig.running();
    dead.camera.visitBegan();
    await dead.pass(3000);
    dead.camera.visitEnded();
    await dead.pass(1000);
    const expected = dead.catalogue.expected();
    await dead.pass(10_000);
    const [clip] = dead.catalogue.all();
    // The file has its name, and the power failed before its row.
    dead.catalogue.forget();
    dead.catalogue.expect(expected);
    await restarted(dead);
    expect(lostOf(dead)).toEqual([]);
    expect(dead.catalogue.all()).toEqual([clip]);
  });

  it('makes its clips, too, when the disk takes no note of them', async () => {
    const rig = await CameraRig.running();
    rig.catalogue.isRefusing = true;
    rig.camera.visitBegan();
    await rig.pass(3000);
    rig.catalogue.isRefusing = false;
    rig.camera.visitEnded();
    await rig.pass(10_000);
    expect(rig.clips).toHaveLength(1);
    expect(rig.catalogue.expected()).toEqual([]);
  });

  it('does not take what happens before it starts for what was lost', async () => {
    const rig = new CameraRig();
    rig.camera.visitBegan();
    rig.camera.start();
    await rig.pass(10_000);
    expect(lostOf(rig)).toEqual([]);
  });
});
