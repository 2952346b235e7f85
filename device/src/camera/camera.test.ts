import { describe, expect, it } from 'vitest';
import { CameraRig } from '../../test/support/camera-rig.ts';
import { clipOf, feedingOf } from '../../test/support/clip-fixtures.ts';
import { removeClip } from './clip-room.ts';
import { VIEWERS_MAX } from './live-seats.ts';

const meal = feedingOf({ id: '01h0000000000000000000meal', petId: 'whiskers' });
const served = { ...meal, state: 'done', result: 'served' } as const;

/** A meal of eight seconds, and the time until its clip must be there. */
async function feed(rig: CameraRig, ended = served): Promise<void> {
  rig.camera.feedingBegan(meal);
  await rig.pass(8000);
  rig.camera.feedingEnded({ ...ended });
  await rig.pass(7000);
}

describe('the camera', () => {
  it('makes a clip of a meal, with the seconds before and after it', async () => {
    const rig = await CameraRig.running();
    const beganMs = rig.clock.monoMs();
    await feed(rig);
    expect(rig.clips).toHaveLength(1);
    const [clip = clipOf()] = rig.clips;
    expect(clip).toMatchObject({
      rank: 'feeding',
      feedingIds: [meal.id],
      petIds: ['whiskers'],
      continues: null,
      gapMs: 0,
    });
    const seconds = rig.secondsOf(clip.id);
    expect(Math.abs((seconds[0] ?? 0) - 1000 - (beganMs - 5000))).toBeLessThanOrEqual(1000);
    expect(Math.abs((seconds.at(-1) ?? 0) - (beganMs + 13_000))).toBeLessThanOrEqual(1000);
    expect(rig.catalogue.get(clip.id)).toEqual(clip);
    expect(Math.abs(clip.startedMs - (rig.clock.wallMs() - 20_000))).toBeLessThanOrEqual(1000);
  });

  it('goes on in the next clip without showing a second twice, or leaving one out', async () => {
    const rig = await CameraRig.running({
      takes: { preRollMs: 5000, postRollMs: 5000, clipMs: 10_000 },
    });
    rig.clock.advance(333);
    rig.camera.feedingBegan(meal);
    await rig.pass(31_000);
    rig.camera.feedingEnded(served);
    await rig.pass(10_000);
    expect(rig.clips).toHaveLength(5);
    const seconds = rig.clips.flatMap(({ id }) => rig.secondsOf(id));
    for (const [at, ms] of seconds.slice(1).entries()) expect(ms - (seconds[at] ?? 0)).toBe(1000);
    expect(rig.clips.map(({ continues }) => continues)).toEqual([
      null,
      ...rig.clips.slice(0, -1).map(({ id }) => id),
    ]);
    expect(rig.clips.map(({ gapMs }) => gapMs)).toEqual([0, 0, 0, 0, 0]);
  });

  it('shows that it records while it does', async () => {
    const rig = await CameraRig.running();
    expect(rig.camera.view()).toMatchObject({ state: 'running', isRecording: false });
    rig.camera.visitBegan();
    expect(rig.views.at(-1)?.isRecording).toBe(true);
    rig.camera.visitEnded();
    await rig.pass(7000);
    expect(rig.views.at(-1)).toMatchObject({ isRecording: false, clipCount: 1 });
  });

  it('waits for the last segment of a camera whose segments are long', async () => {
    const rig = new CameraRig();
    rig.source.segmentSeconds = 8;
    rig.camera.start();
    await rig.pass(33_000);
    rig.camera.feedingBegan(meal);
    await rig.pass(4000);
    rig.camera.feedingEnded(served);
    await rig.pass(20_000);
    expect(rig.clips).toHaveLength(1);
    expect(rig.clips[0]?.gapMs).toBe(0);
  });

  it('goes on in the next clip before the ring is full, and loses no beginning', async () => {
    const rig = await CameraRig.running({ ringBytesMax: 30_000_000 });
    const beganMs = rig.clock.monoMs();
    // A camera that encodes by itself knows no bound.
    rig.source.segmentBytes = 1_500_000;
    await feed(rig);
    await rig.pass(10_000);
    expect(rig.clips.length).toBeGreaterThan(1);
    expect(rig.clips.map(({ gapMs }) => gapMs)).toEqual(rig.clips.map(() => 0));
    const seconds = rig.clips.flatMap(({ id }) => rig.secondsOf(id));
    expect(Math.abs((seconds[0] ?? 0) - 1000 - (beganMs - 5000))).toBeLessThanOrEqual(1000);
    expect(new Set(seconds).size).toBe(seconds.length);
    expect((seconds.at(-1) ?? 0) - (seconds[0] ?? 0)).toBe((seconds.length - 1) * 1000);
    expect(seconds.length).toBeGreaterThanOrEqual(17);
  });

  it('judges the first part of a long meal when the meal has ended', async () => {
    for (const [result, rank, lastsMs] of [
      ['served', 'feeding', 20_000],
      ['failed', 'failed_feeding', 20_000],
      // While the first part still waits for its last segment.
      ['served', 'feeding', 15_100],
    ] as const) {
      const rig = await CameraRig.running({
        takes: { preRollMs: 5000, postRollMs: 5000, clipMs: 10_000 },
      });
      rig.camera.feedingBegan(meal);
      await rig.pass(lastsMs);
      expect(rig.catalogue.all()[0]?.rank).toBe('failed_feeding');
      rig.camera.feedingEnded({ ...served, result });
      await rig.pass(10_000);
      const ranks = rig.catalogue.all().map((clip) => clip.rank);
      expect(ranks.length).toBeGreaterThan(2);
      expect(new Set(ranks)).toEqual(new Set([rank]));
    }
  });

  it('keeps its place when the wall clock is set in the middle', async () => {
    const rig = await CameraRig.running();
    const beganMs = rig.clock.monoMs();
    rig.camera.feedingBegan(meal);
    await rig.pass(3000);
    rig.clock.stepWall(-3_600_000);
    await rig.pass(3000);
    rig.clock.stepWall(7_200_000);
    rig.camera.feedingEnded(served);
    await rig.pass(8000);
    const seconds = rig.secondsOf(rig.clips[0]?.id ?? '');
    expect(seconds).toHaveLength(17);
    expect(Math.abs((seconds[0] ?? 0) - 1000 - (beganMs - 5000))).toBeLessThanOrEqual(1000);
  });

  it('FMEA-55 goes on after a child that hangs and is deaf, with the break told', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(meal);
    await rig.pass(2000);
    const child = rig.source.child;
    if (child === null) throw new Error('no child');
    child.isFrozen = true;
    child.isDeaf = true;
    await rig.pass(18_000);
    expect(child.isGone).toBe(true);
    expect(rig.camera.view().state).toBe('running');
    rig.camera.feedingEnded(served);
    await rig.pass(8000);
    const [clip = clipOf()] = rig.clips;
    expect(clip.gapMs).toBeGreaterThan(5000);
    expect(clip.durationMs + clip.gapMs).toBeGreaterThan(29_000);
    expect(rig.source.aliveMost).toBe(1);
  });

  it('tells the ledger of a meal that it could not see', async () => {
    const rig = new CameraRig();
    rig.source.readiness = { kind: 'unusable', why: 'ffmpeg is missing.' };
    rig.camera.start();
    await rig.pass(20_000);
    expect(rig.camera.view()).toMatchObject({ state: 'degraded', why: 'ffmpeg is missing.' });
    await feed(rig);
    await rig.pass(3000);
    expect(rig.catalogue.ledger).toEqual([
      {
        name: 'clip.dropped',
        body: expect.objectContaining({ reason: 'not_made', feedingIds: [meal.id] }),
      },
    ]);
    rig.source.readiness = { kind: 'ready', encoder: 'none', ffmpegVersion: '5.1' };
    await rig.pass(60_000);
    expect(rig.camera.view().state).toBe('running');
  });

  it('keeps no clip of a meal that was stopped before any food fell', async () => {
    const rig = await CameraRig.running();
    await feed(rig, { ...served, result: 'cancelled' } as never);
    expect(rig.clips).toEqual([]);
    expect(rig.catalogue.ledger).toEqual([]);
  });

  it('sees nothing after the switch, and forgets what is no clip yet', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(meal);
    await rig.pass(3000);
    rig.privacy = 'switch';
    rig.camera.settingsChanged();
    await rig.pass(10_000);
    expect(rig.source.alive).toBe(0);
    expect(rig.source.memory.files.size).toBe(0);
    expect(rig.clips).toEqual([]);
    await expect(rig.camera.snapshot()).rejects.toMatchObject({ code: 'ERR_CAMERA' });
    await feed(rig);
    expect(rig.clips).toEqual([]);
    rig.privacy = null;
    rig.camera.settingsChanged();
    await rig.pass(5000);
    expect(rig.camera.view().state).toBe('running');
  });

  it('keeps what it saw before the privacy hours began', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(meal);
    await rig.pass(4000);
    rig.privacy = 'hours';
    await rig.pass(6000);
    expect(rig.clips).toHaveLength(1);
    expect(rig.clips[0]?.durationMs).toBeLessThanOrEqual(11_000);
    expect(rig.source.memory.files.size).toBe(0);
  });

  it('makes no clips of visits when only meals are wanted', async () => {
    const rig = await CameraRig.running();
    rig.isMealsOnly = true;
    rig.camera.visitBegan();
    await rig.pass(3000);
    rig.camera.visitEnded();
    await feed(rig);
    expect(rig.clips.map(({ rank }) => rank)).toEqual(['feeding']);
  });

  it('links a visit and who it was', async () => {
    const rig = await CameraRig.running();
    rig.camera.visitBegan();
    await rig.pass(5000);
    const visit = {
      startedMs: rig.clock.wallMs() - 5000,
      endedMs: rig.clock.wallMs(),
      petId: 'tom',
    };
    rig.camera.visitEnded();
    rig.camera.visitRecorded(visit);
    await rig.pass(7000);
    expect(rig.clips[0]).toMatchObject({ rank: 'visit', visits: [visit], petIds: ['tom'] });
  });

  it('FMEA-60 makes room within its quota, and tells what went', async () => {
    const rig = await CameraRig.running({
      retention: { quotaBytes: 10_000_000, freeBytesMin: 1_000_000, daysMax: 30 },
    });
    for (let count = 0; count < 4; count++) {
      await feed(rig);
      await rig.pass(10_000);
    }
    expect(rig.clips).toHaveLength(4);
    expect(rig.disk.usedBytes()).toBeLessThanOrEqual(10_000_000);
    const dropped = rig.catalogue.ledger.filter(({ name }) => name === 'clip.dropped');
    expect(dropped.length).toBeGreaterThan(0);
    expect(rig.disk.files.size).toBe(rig.catalogue.totals().count);
  });

  it('FMEA-60 removes nothing for limits that cannot be met, and says so', async () => {
    const rig = await CameraRig.running();
    await feed(rig);
    rig.disk.freeBytes = 40_000_000;
    await feed(rig);
    expect(rig.camera.view().why).toContain('no room');
    await rig.pass(3_600_000);
    expect(rig.catalogue.all()).toHaveLength(1);
    expect(rig.camera.view().why).toContain('clipFreeMb');
    rig.disk.freeBytes = 10_000_000_000;
    await feed(rig);
    expect(rig.catalogue.all()).toHaveLength(2);
    expect(rig.camera.view().why).toBe('');
  });

  it('FMEA-60 loses no clip of this run to a clock that was once wrong', async () => {
    let believedMs: number | null = null;
    const rig = await CameraRig.running({ believedMs: () => believedMs });
    await feed(rig, { ...served, result: 'failed' } as never);
    believedMs = rig.clock.wallMs() + 60 * 86_400_000;
    await rig.pass(3_600_000);
    expect(rig.catalogue.all()).toHaveLength(1);
  });

  it('counts pictures, too, in what it takes of its quota', async () => {
    const rig = await CameraRig.running();
    rig.disk.files.set('a picture', { seconds: [], isDurable: true, bytes: 700 });
    await feed(rig);
    expect(rig.camera.view().clipBytes).toBe(rig.catalogue.totals().bytes + 700);
    expect(rig.camera.view().clipBytes).toBe(rig.disk.usedBytes());
  });

  it('removes the file again when the row is refused', async () => {
    const rig = await CameraRig.running();
    rig.catalogue.isRefusing = true;
    await feed(rig);
    expect(rig.clips).toEqual([]);
    expect(rig.disk.files.size).toBe(0);
    expect(rig.camera.view().why).not.toBe('');
    rig.catalogue.isRefusing = false;
    await feed(rig);
    expect(rig.clips).toHaveLength(1);
    expect(rig.camera.view().why).toBe('');
  });

  it('FMEA-57 puts rows and files in order when it starts', async () => {
    const rig = new CameraRig();
    const [gone, short, whole, stray] = ['a', 'b', 'c', 'd'].map(
      (end) => `01h0000000000000000000000${end}`,
    ) as [string, string, string, string];
    for (const id of [gone, short, whole]) rig.catalogue.add(clipOf({ id }));
    const file = { seconds: [1], isDurable: true };
    const oldest = '01h00000000000000000000000';
    rig.catalogue.add(clipOf({ id: oldest }));
    rig.disk.files.set(oldest, { ...file, bytes: 100 });
    rig.disk.files.set(short, { ...file, bytes: 99 });
    rig.disk.files.set(whole, { ...file, bytes: 100 });
    rig.disk.files.set(stray, { ...file, bytes: 100 });
    rig.disk.files.set('half.part', { ...file, bytes: 100, isDurable: false });
    rig.camera.start();
    await rig.pass(1000);
    expect([...rig.disk.files.keys()].sort()).toEqual([oldest, whole]);
    expect(rig.catalogue.all().map(({ id }) => id)).toEqual([oldest, whole]);
    expect(rig.catalogue.ledger.slice(4)).toMatchObject([
      { body: { clipId: gone, reason: 'damaged' } },
      { body: { clipId: short, reason: 'damaged' } },
    ]);
    expect(rig.camera.view().why).toBe('');
  });

  it('FMEA-57 takes in again what has no row, but not what was being removed', async () => {
    const rig = await CameraRig.running();
    await feed(rig);
    const [clip] = rig.catalogue.all();
    if (clip === undefined) throw new Error('There is no clip.');
    const kept = [...rig.disk.files];
    const record = rig.disk.records.get(clip.id);
    // A crash between the name and the row, or a database of before.
    rig.catalogue.drop(clip.id, 'age', 'gone with the database');
    await rig.camera.desk.reconcile();
    expect(rig.catalogue.all()).toEqual([clip]);
    expect(rig.clips).toHaveLength(1);
    // A removal that was interrupted: nothing says any more what the file is.
    await removeClip(
      { catalogue: rig.catalogue, files: rig.disk },
      { id: clip.id, reason: 'person', why: '' },
    );
    for (const [name, file] of kept) rig.disk.files.set(name, file);
    await rig.camera.desk.reconcile();
    expect([rig.catalogue.all(), [...rig.disk.files]]).toEqual([[], []]);
    // And one that is not what it says.
    for (const [name, file] of kept) rig.disk.files.set(name, { ...file, bytes: file.bytes - 1 });
    rig.disk.records.set(clip.id, record ?? clip);
    await rig.camera.desk.reconcile();
    expect([rig.catalogue.all(), [...rig.disk.files]]).toEqual([[], []]);
  });

  it('FMEA-57 notices within the hour that a clip among others is lost', async () => {
    const rig = await CameraRig.running();
    for (let meal = 0; meal < 3; meal++) await feed(rig);
    const [, lost] = rig.catalogue.all();
    rig.disk.files.delete(lost?.id ?? '');
    await rig.pass(3_600_000);
    expect(rig.catalogue.all()).toHaveLength(2);
    expect(rig.catalogue.ledger.at(-1)).toMatchObject({
      body: { clipId: lost?.id, reason: 'damaged' },
    });
  });

  it('FMEA-57 drops no clip of a directory that is not there, and finds it again', async () => {
    const rig = new CameraRig();
    const ids = ['a', 'b', 'c'].map((end) => `01h0000000000000000000000${end}`);
    const startedMs = rig.clock.wallMs();
    for (const [at, id] of ids.entries()) {
      rig.catalogue.add(clipOf({ id, startedMs, keep: at === 1 }));
    }
    rig.camera.start();
    await rig.pass(20_000);
    expect(rig.camera.view().why).toContain('The clips are not there: the files of 3');
    await feed(rig);
    expect(rig.catalogue.all()).toHaveLength(4);
    // Another start finds the new clip, but not what is older.
    await rig.camera.desk.reconcile();
    expect(rig.catalogue.all()).toHaveLength(4);
    for (const id of ids) {
      rig.disk.files.set(id, { seconds: [1], isDurable: true, bytes: 100 });
    }
    await rig.pass(3_600_000);
    expect(rig.camera.view().why).toBe('');
    expect(rig.catalogue.all()).toHaveLength(4);
  });

  it('FMEA-57 keeps the row of a clip to keep, and its file, whatever became of it', async () => {
    const rig = new CameraRig();
    const ids = ['a', 'b', 'c'].map((end) => `01h0000000000000000000000${end}`);
    const [whole = '', gone = '', short = ''] = ids;
    for (const id of ids) rig.catalogue.add(clipOf({ id, keep: true }));
    rig.disk.files.set(whole, { seconds: [1], isDurable: true, bytes: 100 });
    rig.disk.files.set(short, { seconds: [1], isDurable: true, bytes: 7 });
    rig.camera.start();
    await rig.pass(1000);
    expect(rig.catalogue.all().map(({ id }) => id)).toEqual([whole, gone, short]);
    expect(rig.disk.files.has(short)).toBe(true);
    expect(rig.camera.view().why).toContain('the files of 2 are missing or damaged');
  });

  it('lets a few watch, and sends them home when it may look no longer', async () => {
    const rig = await CameraRig.running();
    const seen: string[] = [];
    let ends = 0;
    const viewer = {
      show: ({ path }: { path: string }) => seen.push(path),
      end: () => {
        ends += 1;
      },
    };
    const seats = Array.from({ length: VIEWERS_MAX }, () => rig.camera.live.watch(viewer));
    expect(rig.camera.live.watch(viewer)).toEqual({ kind: 'full' });
    if (seats[0]?.kind === 'taken') seats[0].leave();
    expect(rig.camera.view().viewers).toBe(VIEWERS_MAX - 1);
    await rig.pass(2000);
    expect(seen.length).toBeGreaterThan(0);
    rig.privacy = 'switch';
    rig.camera.settingsChanged();
    expect([ends, rig.camera.view().viewers]).toEqual([VIEWERS_MAX - 1, 0]);
  });

  it('gives no seat while there is nothing to see, and says why', async () => {
    const rig = await CameraRig.running();
    const viewer = { show: () => {}, end: () => {} };
    const whyNot = () => {
      const seat = rig.camera.live.watch(viewer);
      return seat.kind === 'unseen' ? seat.why : seat.kind;
    };
    expect(whyNot()).toBe('taken');
    rig.privacy = 'switch';
    rig.camera.settingsChanged();
    expect(whyNot()).toBe('The camera is switched off.');
    rig.privacy = 'hours';
    rig.camera.settingsChanged();
    expect(whyNot()).toBe('These are the privacy hours of the camera.');
    await rig.pass(5000);
    rig.privacy = null;
    rig.source.readiness = { kind: 'unusable', why: 'ffmpeg is missing.' };
    rig.camera.settingsChanged();
    await rig.pass(5000);
    expect(whyNot()).toBe('There is no picture now. ffmpeg is missing.');
    expect(rig.camera.view().viewers).toBe(0);
  });

  it('sends viewers home when the camera gives up', async () => {
    const rig = await CameraRig.running();
    let ends = 0;
    const end = () => {
      ends += 1;
    };
    rig.camera.live.watch({ show: () => {}, end });
    rig.source.readiness = { kind: 'unusable', why: 'ffmpeg is missing.' };
    for (let count = 0; count < 6 && ends === 0; count++) {
      rig.source.child?.kill();
      await rig.pass(40_000);
    }
    expect([ends, rig.camera.view().viewers]).toEqual([1, 0]);
  });

  it('finishes the clip it is at when it is stopped, and leaves nothing behind', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(meal);
    await rig.pass(4000);
    await rig.camera.stop();
    expect(rig.clips).toHaveLength(1);
    expect([rig.source.alive, rig.source.memory.files.size]).toEqual([0, 0]);
    expect(rig.clock.pendingNames()).toEqual([]);
  });
});
