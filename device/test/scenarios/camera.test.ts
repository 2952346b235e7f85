import type { Clip, Feeding } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import type { CameraDoors } from '../../src/app/device-parts.ts';
import type { CameraSource } from '../../src/camera/capture.ts';
import type { Clock } from '../../src/platform/clock.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { cameraFaults } from '../support/camera-day.ts';
import { SimulatedCamera, SimulatedClipDisk } from '../support/simulated-camera.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

/** A camera whose parts stay reachable for the story. */
class Scene {
  source!: SimulatedCamera;
  disk!: SimulatedClipDisk;

  readonly doors = (clock: Clock): CameraDoors => {
    this.source = new SimulatedCamera(clock);
    const kept = this.disk?.files;
    this.disk = new SimulatedClipDisk(this.source.memory);
    for (const [name, file] of kept ?? []) this.disk.files.set(name, file);
    return {
      source: this.source,
      maker: this.disk,
      files: this.disk,
      chance: () => 0.5,
      takes: { preRollMs: 5000, postRollMs: 5000, clipMs: 60_000 },
      retention: { quotaBytes: 200_000_000, freeBytesMin: 50_000_000, daysMax: 30 },
      ringBytesMax: 40_000_000,
    };
  };
}

const clipsOf = (feeder: VirtualFeeder): readonly Clip[] =>
  feeder.device.store.clips.list({ limit: 500 }).toReversed();

describe('A-71 a feeding and its clip', () => {
  test('the clip is linked to the feeding, in a row and in the ledger', async () => {
    const scene = new Scene();
    const feeder = await VirtualFeeder.start({ camera: scene.doors });
    await feeder.pass(20_000);
    const { id } = await feeder.feedToEnd(6);
    await feeder.pass(10_000);
    const [clip] = clipsOf(feeder);
    expect(clip).toMatchObject({ rank: 'feeding', feedingIds: [id], gapMs: 0 });
    expect(feeder.ledger('clip.recorded')).toMatchObject([
      { body: { clipId: clip?.id, feedingIds: [id], sha256: clip?.sha256 } },
    ]);
    expect(scene.disk.files.has(clip?.id ?? '')).toBe(true);
  });

  test('a power cut in mid-clip leaves no half clip behind, and the next meal has one', async () => {
    const scene = new Scene();
    const feeder = await VirtualFeeder.start({ camera: scene.doors });
    await feeder.pass(20_000);
    const { id: lost } = await feeder.feed(6);
    await feeder.pass(3000);
    feeder.cutPower();
    scene.disk.files.set('half.part', { seconds: [], bytes: 1, isDurable: false });
    await feeder.powerUp();
    await feeder.pass(60_000);
    await feeder.passUntilIdle();
    expect(scene.disk.files.size).toBe(clipsOf(feeder).length);
    expect(feeder.ledger('clip.dropped')).toMatchObject([
      {
        body: {
          feedingIds: [lost],
          reason: 'not_made',
          why: 'The feeder was interrupted in the middle: what was not yet a clip is lost.',
        },
      },
    ]);
    const { id } = await feeder.feedToEnd(6);
    await feeder.pass(10_000);
    expect(clipsOf(feeder).at(-1)?.feedingIds).toEqual([id]);
  });

  test('A-09 it is looked for only when all else runs, and a feeder without it feeds', async () => {
    const scene = new Scene();
    const feeder = await VirtualFeeder.start({ camera: scene.doors });
    expect(scene.source.opened).toBe(0);
    scene.source.readiness = { kind: 'unusable', why: 'ffmpeg is missing.' };
    const { result } = await feeder.feedToEnd(6);
    expect(result).toBe('served');
    const { components } = await feeder.status();
    expect(components.find(({ name }) => name === 'camera')).toEqual({
      name: 'camera',
      state: 'degraded',
      why: 'ffmpeg is missing.',
    });
  });

  test('the switch and the privacy hours stop the camera, and nothing is recorded', async () => {
    const scene = new Scene();
    const feeder = await VirtualFeeder.start({ camera: scene.doors });
    await feeder.pass(20_000);
    await feeder.ask('PATCH', '/settings', { cameraOn: false });
    await feeder.pass(5000);
    expect(scene.source.alive).toBe(0);
    await feeder.feedToEnd(6);
    await feeder.ask('PATCH', '/settings', {
      cameraOn: true,
      cameraPrivacyHours: { from: '05:00', to: '07:00' },
    });
    await feeder.pass(20_000);
    expect(scene.source.alive).toBe(0);
    expect(clipsOf(feeder)).toEqual([]);
    await feeder.pass(3_600_000);
    expect(scene.source.alive).toBe(1);
  });

  test('a double press switches the camera off and on, and feeds nothing', async () => {
    const scene = new Scene();
    const feeder = await VirtualFeeder.start({ camera: scene.doors, buttonGrams: 5 });
    await feeder.pass(20_000);
    await press(feeder);
    expect(feeder.device.store.settings.get().cameraOn).toBe(false);
    expect(scene.source.alive).toBe(0);
    await press(feeder);
    expect(feeder.device.store.settings.get().cameraOn).toBe(true);
    expect(feeder.ledger('feeding.claimed')).toEqual([]);
  });
});

async function press(feeder: VirtualFeeder): Promise<void> {
  if (feeder.panel === null) throw new TypeError('No panel.');
  feeder.panel.button.press('double');
  await feeder.pass(5000);
}

/** Cameras that do their worst. Everything that they are asked throws, hangs or floods. */
const worst: Readonly<Record<string, (clock: Clock) => Partial<CameraDoors>>> = {
  'throws at every touch': () => {
    const thrower = new Proxy(
      {},
      {
        get: () => () => {
          throw new TypeError('broken');
        },
      },
    );
    return {
      source: thrower as CameraSource,
      maker: thrower as CameraDoors['maker'],
      files: thrower as CameraDoors['files'],
    };
  },
  'never answers': () => {
    const silent = () => new Promise<never>(() => {});
    return {
      source: {
        ...{ name: 'silent', probe: silent, open: () => ({ terminate() {}, kill() {} }) },
        ...{ discard() {}, close() {} },
      },
      files: new Proxy({}, { get: () => silent }) as CameraDoors['files'],
    };
  },
  'starts and ignores every signal': () => ({
    source: {
      name: 'deaf',
      probe: async () => ({ kind: 'ready', encoder: 'none', ffmpegVersion: '5' }),
      open: () => ({ terminate() {}, kill() {} }),
      ...{ discard() {}, close() {} },
    },
  }),
  'floods with segments': (clock) => ({
    source: {
      name: 'flood',
      probe: async () => ({ kind: 'ready', encoder: 'none', ffmpegVersion: '5' }),
      open: (watch) => {
        const flood = () => {
          for (let count = 0; count < 50; count++) {
            watch.onFrames(count);
            watch.onSegment({
              ...{ path: 'x', bytes: 1_000_000, durationMs: 20, format: `${count}` },
              ...{ endedMonoMs: clock.monoMs(), endedWallMs: clock.wallMs() },
            });
          }
          clock.after('flood', 200, flood);
        };
        flood();
        return { terminate() {}, kill() {} };
      },
      discard: () => {
        throw new TypeError('It cannot forget.');
      },
      close() {},
    },
  }),
};

describe('I6 the worst camera changes no verdict', () => {
  test.each(Object.keys(worst))('one that %s', async (name) => {
    const without = await day(null);
    const feeder = (clock: Clock) => ({ ...new Scene().doors(clock), ...worst[name]?.(clock) });
    expect(await day(feeder)).toEqual(without);
    expect(without.verdicts.length).toBeGreaterThan(1);
  });

  test.each(Object.keys(cameraFaults))('one that works, with the fault: %s', async (name) => {
    const scene = new Scene();
    const random = new SeededRandom(name);
    let harmed = 0;
    const harm = () => {
      harmed += 1;
      return cameraFaults[name]?.(scene, random) ?? (() => {});
    };
    const without = await day(null);
    expect(await day(scene.doors, harm)).toEqual(without);
    // In the middle of each of the three meals.
    expect(harmed).toBe(3);
    expect(scene.source.opened).toBeGreaterThan(0);
  });
});

/** In the middle of a meal. */
const HARM_AFTER_MS = 4000;

/** Two meals of a plan and one by hand: what came of them, to the millisecond and the gram. */
async function day(
  camera: ((clock: Clock) => CameraDoors) | null,
  harm: () => () => void = () => () => {},
) {
  const feeder = await VirtualFeeder.start(camera === null ? {} : { camera });
  for (const time of ['06:30', '07:30']) {
    await feeder.ask('POST', '/meals', { name: `Meal at ${time}`, time, portionGrams: 8 });
  }
  await feeder.pass(60_000);
  const { id } = await feeder.feed(5);
  for (let meal = 0; meal < 3; meal++) {
    // The second and the third are those of the plan, half an hour and an hour later.
    for (let second = 0; second < 7200 && !feeder.device.feeding.isBusy(); second++) {
      await feeder.pass(1000);
    }
    await feeder.pass(HARM_AFTER_MS);
    expect(feeder.device.feeding.isBusy()).toBe(true);
    const mend = harm();
    await feeder.passUntilIdle();
    mend();
  }
  await feeder.pass(60_000);
  const byHand = await feeder.feeding(id);
  const { startedAtMs, endedAtMs, result, dose }: Feeding = byHand;
  const verdicts = (await feeder.occurrences()).map((one) => [
    ...[one.dueAtMs, one.verdict, one.rule, one.servedGrams, one.decidedAtMs],
  ]);
  expect(feeder.fatal).toHaveLength(0);
  return { byHand: { startedAtMs, endedAtMs, result, dose }, verdicts };
}
