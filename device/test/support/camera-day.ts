import { type Clip, HOUR_MS, MINUTE_MS, makeUlid, SECOND_MS } from '@cat-feeder/shared';
import { SeededRandom } from '../../src/platform/random.ts';
import { CameraRig } from './camera-rig.ts';
import { feedingOf } from './clip-fixtures.ts';
import type { SimulatedCamera, SimulatedClipDisk } from './simulated-camera.ts';

const QUOTA_BYTES = 60_000_000;
const RING_BYTES_MAX = 20_000_000;
const DAY_MS = 24 * HOUR_MS;
/** After the last fault the recorder has this long to work again. */
const CALM_MS = 15 * MINUTE_MS;

/** Where the faults of a camera itself happen. */
export interface FaultScene {
  readonly source: SimulatedCamera;
  readonly disk: SimulatedClipDisk;
}

type Faults<Scene> = Readonly<Record<string, (scene: Scene, random: SeededRandom) => () => void>>;

/** Each does its harm and returns what mends it again. */
export const cameraFaults: Faults<FaultScene> = {
  'child killed': ({ source }) => {
    source.child?.end('SIGKILL');
    return () => {};
  },
  'child stopped': ({ source }) => {
    if (source.child !== null) source.child.isFrozen = true;
    return () => {};
  },
  'source stalled': ({ source }) => {
    if (source.child !== null) Object.assign(source.child, { isStalled: true, isDeaf: true });
    return () => {};
  },
  garbage: ({ source }) => {
    source.garbageSegments = 3;
    return () => {};
  },
  'device unplugged': ({ source }) => {
    source.isUnplugged = true;
    source.child?.end('No such device');
    return () => {
      source.isUnplugged = false;
    };
  },
  'disk full': ({ disk }) => {
    const takenBytes = Math.max(0, disk.freeBytes - 100_000);
    disk.freeBytes -= takenBytes;
    return () => {
      disk.freeBytes += takenBytes;
    };
  },
  'memory full': ({ source }) => {
    source.memory.bytesMax = 0;
    return () => {
      source.memory.bytesMax = 60_000_000;
    };
  },
};

/** Beside the faults of the camera, those of what it stands on. */
const faults: Faults<CameraRig> = {
  ...cameraFaults,
  'clock step': ({ clock }, random) => {
    clock.stepWall(Math.round((random.next() - 0.5) * 4 * HOUR_MS));
    return () => {};
  },
  'rows refused': ({ catalogue }) => {
    catalogue.isRefusing = true;
    return () => {
      catalogue.isRefusing = false;
    };
  },
};

/** What a day with faults came to. */
export interface FaultyDay {
  readonly injected: Readonly<Record<string, number>>;
  readonly events: number;
  readonly clipsMade: number;
  readonly childrenStarted: number;
  readonly secondsSeen: number;
  readonly clipsNotMade: number;
  /** Each of these must be 0, and the state `running`. */
  readonly orphans: number;
  readonly corruptClips: number;
  readonly unknownFiles: number;
  readonly quotaExceededBytes: number;
  readonly ringExceededBytes: number;
  readonly finalState: string;
}

/** Hours of virtual operation with feedings, visits and this many faults; the same for each seed. */
export async function faultyDay(options: {
  readonly seed: string;
  readonly faults: number;
}): Promise<FaultyDay> {
  const random = new SeededRandom(options.seed);
  const corrupt = new Set<string>();
  const rig: CameraRig = await CameraRig.running({
    retention: { quotaBytes: QUOTA_BYTES, freeBytesMin: 50_000_000, daysMax: 30 },
    ringBytesMax: RING_BYTES_MAX,
    chance: () => random.next(),
    onClip: (clip) => {
      rig.clips.push(clip);
      if (isCorrupt(rig, clip)) corrupt.add(clip.id);
    },
  });
  const kinds = Object.keys(faults);
  const injected: Record<string, number> = Object.fromEntries(kinds.map((kind) => [kind, 0]));
  const startMs = rig.clock.monoMs();
  const spanMs = DAY_MS - CALM_MS;
  const until = (share: number) => rig.pass(startMs + spanMs * share - rig.clock.monoMs());
  let events = 0;
  let ringMost = 0;
  for (let count = 0; count < options.faults; count++) {
    await until((count + random.next()) / options.faults);
    // Every second fault falls into an event.
    const end = count % 2 === 0 ? null : beginEvent(rig, random);
    if (end !== null) events += 1;
    await rig.pass(random.next() * 8 * SECOND_MS);
    const kind = kinds[count % kinds.length] ?? '';
    const mend = faults[kind]?.(rig, random);
    injected[kind] = (injected[kind] ?? 0) + 1;
    await rig.pass(random.next() * MINUTE_MS);
    end?.();
    await rig.pass(random.next() * MINUTE_MS);
    mend?.();
    ringMost = Math.max(ringMost, rig.source.memory.files.size * 190_000);
  }
  await rig.pass(startMs + DAY_MS - rig.clock.monoMs());
  const rows = new Set(rig.catalogue.all().map(({ id }) => id));
  for (const clip of rig.catalogue.all()) if (isCorrupt(rig, clip)) corrupt.add(clip.id);
  return {
    injected,
    events,
    clipsMade: rig.clips.length,
    clipsNotMade: rig.catalogue.ledger.filter(
      (entry) => entry.name === 'clip.dropped' && entry.body.reason === 'not_made',
    ).length,
    childrenStarted: rig.source.opened,
    secondsSeen: rig.source.written,
    orphans: Math.max(rig.source.aliveMost, rig.source.alive) - 1,
    corruptClips: corrupt.size,
    unknownFiles: [...rig.disk.files.keys()].filter((name) => !rows.has(name)).length,
    quotaExceededBytes: Math.max(0, rig.disk.mostUsedBytes - QUOTA_BYTES),
    ringExceededBytes: Math.max(0, ringMost - RING_BYTES_MAX),
    finalState: rig.camera.view().state,
  };
}

/** A feeding or a visit begins; the function that it returns ends it. */
function beginEvent({ camera, clock }: CameraRig, random: SeededRandom): () => void {
  if (random.next() < 0.4) {
    camera.visitBegan();
    return () => camera.visitEnded();
  }
  const id = makeUlid(clock.wallMs(), (length) => random.bytes(length));
  const feeding = feedingOf({ id });
  camera.feedingBegan(feeding);
  const result = random.next() < 0.8 ? 'served' : 'failed';
  return () => camera.feedingEnded({ ...feeding, state: 'done', result });
}

/** Whether a clip's file is not what its row says, or shows its seconds out of order or twice. */
function isCorrupt(rig: CameraRig, clip: Clip): boolean {
  const file = rig.disk.files.get(clip.id);
  if (file === undefined || file.bytes !== clip.bytes || file.seconds.length === 0) return true;
  if (file.seconds.some((ms, at) => !(ms - (file.seconds[at - 1] ?? 0) >= 999))) return true;
  return clip.durationMs !== file.seconds.length * SECOND_MS;
}
