import { createHash } from 'node:crypto';
import { type Clip, type ClipPicture, FeederError } from '@cat-feeder/shared';
import type {
  CameraSource,
  CaptureProcess,
  CaptureWatch,
  Readiness,
  Segment,
} from '../../src/camera/capture.ts';
import type { ClipFiles, ClipSpace, StoredClip } from '../../src/camera/clip-files.ts';
import type { ClipMaker, ClipOrder, ClipWork, MadeClip } from '../../src/camera/clip-making.ts';
import type { Cancel, Clock } from '../../src/platform/clock.ts';

const SEGMENT_MS = 1000;
const SEGMENT_BYTES = 190_000;
const FPS = 15;

/** One child of the simulated camera, and how it can go wrong. */
class SimulatedChild implements CaptureProcess {
  readonly watch: CaptureWatch;
  /** Pictures still come, but the process does not: SIGSTOP, or deaf to SIGTERM. */
  isFrozen = false;
  isDeaf = false;
  /** The source brings nothing new; reports go on. */
  isStalled = false;
  isGone = false;
  frames = 0;
  readonly #onGone: () => void;

  constructor(watch: CaptureWatch, onGone: () => void) {
    this.watch = watch;
    this.#onGone = onGone;
  }

  terminate(): void {
    if (!this.isFrozen && !this.isDeaf) this.end('asked to end');
  }

  kill(): void {
    this.end('killed');
  }

  end(why: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#onGone();
    this.watch.onEnd(why);
  }
}

/** Memory for segments: what is in each file, and how much fits. */
export interface SimulatedMemory {
  readonly files: Map<string, string>;
  bytesMax: number;
}

/** A camera on a virtual clock: one segment a second, faults on demand. Content names the second. */
export class SimulatedCamera implements CameraSource {
  readonly name = 'simulated';
  readonly memory: SimulatedMemory = { files: new Map(), bytesMax: 60_000_000 };
  readonly #clock: Clock;
  readiness: Readiness = { kind: 'ready', encoder: 'none', ffmpegVersion: '5.1' };
  /** Nothing is plugged in: children end at once. */
  isUnplugged = false;
  /** The next segments are no video. */
  garbageSegments = 0;
  opened = 0;
  alive = 0;
  aliveMost = 0;
  child: SimulatedChild | null = null;
  #cancel: Cancel = () => {};
  /** Segments so far. */
  written = 0;
  /** How long its groups of pictures are: a camera that encodes by itself ends no segment sooner. */
  segmentSeconds = 1;
  segmentBytes = SEGMENT_BYTES;
  #seconds = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  probe(): Promise<Readiness> {
    return Promise.resolve(this.readiness);
  }

  open(watch: CaptureWatch): CaptureProcess {
    this.opened += 1;
    this.alive += 1;
    this.aliveMost = Math.max(this.aliveMost, this.alive);
    const child = new SimulatedChild(watch, () => {
      this.alive -= 1;
      this.#cancel();
      this.child = null;
    });
    this.child = child;
    if (this.isUnplugged) {
      this.#cancel = this.#clock.after('no camera', 100, () => child.end('No such device'));
    } else this.#next(child);
    return child;
  }

  discard({ path }: Segment): void {
    this.memory.files.delete(path);
  }

  close(): void {
    this.memory.files.clear();
  }

  #next(child: SimulatedChild): void {
    this.#cancel = this.#clock.after('segment', SEGMENT_MS, () => {
      if (child.isGone) return;
      if (!child.isFrozen) this.#second(child);
      if (!child.isGone) this.#next(child);
    });
  }

  #second(child: SimulatedChild): void {
    if (!child.isStalled) child.frames += FPS;
    child.watch.onFrames(child.frames);
    if (child.isStalled) return;
    this.#seconds += 1;
    if (this.#seconds % this.segmentSeconds !== 0) return;
    if ((this.memory.files.size + 1) * SEGMENT_BYTES > this.memory.bytesMax) {
      child.end('No space left on device');
      return;
    }
    this.written += 1;
    const path = `segment ${this.written}`;
    const isGarbage = this.garbageSegments > 0;
    if (isGarbage) this.garbageSegments -= 1;
    this.memory.files.set(path, isGarbage ? 'garbage' : `${this.#clock.monoMs()}`);
    child.watch.onSegment({
      path,
      bytes: this.segmentBytes,
      durationMs: SEGMENT_MS * this.segmentSeconds,
      endedMonoMs: this.#clock.monoMs(),
      endedWallMs: this.#clock.wallMs(),
      format: 'simulated',
    });
  }
}

/** The content of a clip's file: which seconds it shows. */
interface File {
  readonly seconds: readonly number[];
  readonly bytes: number;
  isDurable: boolean;
}

/** A disk for clips that can be full, and the maker that writes to it. */
export class SimulatedClipDisk implements ClipFiles, ClipMaker {
  readonly files = new Map<string, File>();
  /** What clips say of themselves. */
  readonly records = new Map<string, Clip>();
  readonly #memory: SimulatedMemory;
  freeBytes = 10_000_000_000;
  mostUsedBytes = 0;

  constructor(memory: SimulatedMemory) {
    this.#memory = memory;
  }

  async make(order: ClipOrder, work: ClipWork): Promise<MadeClip> {
    const contents = order.segments.map(({ path }) => this.#memory.files.get(path));
    const seconds = contents.flatMap((content) =>
      content === undefined || content === 'garbage' ? [] : [Number(content)],
    );
    if (seconds.length === 0) throw new FeederError('ERR_CAMERA');
    const bytes = seconds.length * SEGMENT_BYTES;
    if (bytes > this.freeBytes) throw new FeederError('ERR_STORAGE', { message: 'full' });
    this.#put(work.video, { seconds, bytes, isDurable: false });
    const pictures: ClipPicture[] = [];
    return {
      bytes,
      sha256: createHash('sha256').update(seconds.join()).digest('hex'),
      durationMs: seconds.length * SEGMENT_MS,
      ...{ codec: 'h264', width: 1280, height: 720, hasAudio: false, pictures },
      frames: seconds.length * FPS,
    };
  }

  snapshot(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array([0xff, 0xd8]));
  }

  async space(): Promise<ClipSpace> {
    return { freeBytes: this.freeBytes, usedBytes: this.usedBytes() };
  }

  usedBytes(): number {
    return [...this.files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  work(id: string): ClipWork {
    const pictures = { thumbnail: `${id}.t`, before: `${id}.b`, after: `${id}.a` };
    return { video: `${id}.part`, pictures };
  }

  async publish(clip: Clip): Promise<void> {
    const { id } = clip;
    const file = this.files.get(`${id}.part`);
    if (file === undefined) throw new FeederError('ERR_STORAGE');
    this.files.delete(`${id}.part`);
    this.files.set(id, { ...file, isDurable: true });
    this.records.set(id, clip);
  }

  async record(id: string): Promise<Clip | null> {
    return this.records.get(id) ?? null;
  }

  async disown(id: string): Promise<void> {
    this.records.delete(id);
  }

  async list(): Promise<readonly StoredClip[]> {
    return [...this.files]
      .filter(([, { isDurable }]) => isDurable)
      .map(([id, { bytes }]) => ({ id, videoBytes: bytes, pictures: [] }));
  }

  async remove(id: string): Promise<void> {
    this.records.delete(id);
    for (const name of [id, `${id}.part`]) {
      this.freeBytes += this.files.get(name)?.bytes ?? 0;
      this.files.delete(name);
    }
  }

  async sweep(): Promise<number> {
    const unfinished = [...this.files].filter(([, { isDurable }]) => !isDurable);
    for (const [name] of unfinished) this.files.delete(name);
    return unfinished.length;
  }

  path(id: string): string | null {
    return this.files.has(id) ? id : null;
  }

  #put(name: string, file: File): void {
    this.files.set(name, file);
    this.freeBytes -= file.bytes;
    this.mostUsedBytes = Math.max(this.mostUsedBytes, this.usedBytes());
  }
}
