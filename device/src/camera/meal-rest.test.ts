import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { CameraRig } from '../../test/support/camera-rig.ts';
import { feedingOf } from '../../test/support/clip-fixtures.ts';

const first = feedingOf({ id: '01h000000000000000000first' });
const second = feedingOf({ id: '01h00000000000000000second' });
const done = { state: 'done', result: 'served' } as const;

describe('the camera while food is served', () => {
  it('writes nothing to the database, and everything when the meal has ended', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(first);
    await rig.pass(3000);
    rig.camera.feedingEnded({ ...first, ...done });
    // The clip of the first one becomes due while the second one is served.
    await rig.pass(4000);
    const before = rig.catalogue.writes;
    rig.isFeeding = true;
    await rig.pass(1500);
    rig.camera.feedingBegan(second);
    rig.camera.visitBegan();
    await rig.pass(15_000);
    const nowMs = rig.clock.wallMs();
    rig.camera.visitRecorded({ startedMs: nowMs - 5000, endedMs: nowMs, petId: null });
    expect(rig.catalogue.writes).toBe(before);
    // The file is there all the same: a crash would take it in again.
    expect(rig.disk.files.size).toBe(1);
    rig.isFeeding = false;
    rig.camera.feedingEnded({ ...second, ...done, result: 'failed' });
    rig.camera.visitEnded();
    await rig.pass(20_000);
    expect(rig.catalogue.all().map(({ feedingIds }) => feedingIds)).toEqual([
      [first.id],
      [second.id],
    ]);
    expect(rig.catalogue.expected()).toEqual([]);
  });

  it('keeps what is lost in mind until it may be told', async () => {
    const broken = () => Promise.reject(new FeederError('ERR_CAMERA'));
    const rig = await CameraRig.running({ maker: { make: broken, snapshot: broken } });
    rig.camera.feedingBegan(first);
    await rig.pass(3000);
    rig.camera.feedingEnded({ ...first, ...done });
    rig.isFeeding = true;
    const before = rig.catalogue.ledger.length;
    await rig.pass(20_000);
    expect(rig.catalogue.ledger).toHaveLength(before);
    rig.isFeeding = false;
    await rig.pass(2000);
    expect(rig.catalogue.ledger).toMatchObject([
      { name: 'clip.dropped', body: { feedingIds: [first.id], reason: 'not_made' } },
    ]);
    expect(rig.camera.view().why).not.toBe('');
  });

  it('gives memory back while a row waits', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(first);
    await rig.pass(20_000);
    rig.camera.feedingEnded({ ...first, ...done });
    rig.isFeeding = true;
    await rig.pass(30_000);
    expect(rig.catalogue.all()).toEqual([]);
    expect(rig.source.memory.files.size).toBeLessThan(10);
  });

  it('waits for no meal when the feeder stops', async () => {
    const rig = await CameraRig.running();
    rig.camera.feedingBegan(first);
    await rig.pass(3000);
    rig.camera.feedingEnded({ ...first, ...done });
    rig.isFeeding = true;
    await rig.pass(8000);
    const stopped = rig.camera.stop();
    rig.clock.advance(1000);
    rig.isFeeding = false;
    await rig.settle();
    rig.clock.advance(5000);
    await stopped;
    expect(rig.catalogue.all()).toHaveLength(1);
  });
});
