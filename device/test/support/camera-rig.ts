import { type CameraView, type Clip, makeUlid, type Privacy } from '@cat-feeder/shared';
import { Camera, type CameraParts } from '../../src/camera/camera.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { MemoryClipCatalogue } from './memory-clip-catalogue.ts';
import { SimulatedCamera, SimulatedClipDisk } from './simulated-camera.ts';

/** Monday, 15 June 2026, 06:00 UTC. */
export const RIG_START_MS = Date.UTC(2026, 5, 15, 6);

/** The whole camera on a virtual clock: source, disk and catalogue are simulated. */
export class CameraRig {
  readonly clock = new VirtualClock({ wallMs: RIG_START_MS, monoMs: 5_000_000 });
  readonly source = new SimulatedCamera(this.clock);
  readonly disk = new SimulatedClipDisk(this.source.memory);
  readonly catalogue = new MemoryClipCatalogue();
  readonly views: CameraView[] = [];
  readonly clips: Clip[] = [];
  privacy: Privacy = null;
  isMealsOnly = false;
  /** Food is served: what waits for the end of it is not waited for by `settle`. */
  isFeeding = false;
  readonly camera: Camera;

  constructor(more: Partial<CameraParts> = {}) {
    const random = new SeededRandom('camera rig');
    this.camera = new Camera({
      source: this.source,
      maker: this.disk,
      files: this.disk,
      catalogue: this.catalogue,
      clock: this.clock,
      chance: () => 0.5,
      logger: silentLogger,
      newId: () => makeUlid(this.clock.wallMs(), (length) => random.bytes(length)),
      wallMs: () => this.clock.wallMs(),
      believedMs: () => this.clock.wallMs(),
      privacy: () => this.privacy,
      isMealsOnly: () => this.isMealsOnly,
      isFeeding: () => this.isFeeding,
      takes: { preRollMs: 5000, postRollMs: 5000, clipMs: 60_000 },
      retention: { quotaBytes: 200_000_000, freeBytesMin: 50_000_000, daysMax: 30 },
      ringBytesMax: 40_000_000,
      onView: (view) => this.views.push(view),
      onClip: (clip) => {
        const at = this.clips.findIndex(({ id }) => id === clip.id);
        this.clips.splice(at < 0 ? this.clips.length : at, 1, clip);
      },
      ...more,
    });
  }

  /** Started, and running since a while. */
  static async running(more: Partial<CameraParts> = {}): Promise<CameraRig> {
    const rig = new CameraRig(more);
    rig.camera.start();
    await rig.pass(20_000);
    return rig;
  }

  /** Lets time pass in steps, with everything that waits for no timer done after each. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.monoMs() + ms;
    while (this.clock.monoMs() < untilMs) {
      this.clock.advance(Math.min(500, untilMs - this.clock.monoMs()));
      await this.settle();
    }
  }

  /** Everything that needs no time is done. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) await Promise.resolve();
    if (!this.isFeeding) await this.camera.desk.settled();
  }

  /** The seconds that a clip shows, by when they ended on the monotonic clock. */
  secondsOf(id: string): readonly number[] {
    return this.disk.files.get(id)?.seconds ?? [];
  }
}
