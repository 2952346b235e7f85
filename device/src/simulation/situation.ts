import type { Grams, Milliseconds } from '@cat-feeder/shared';
import type { FeederWorld } from '../hardware/simulated/feeder-world.ts';
import type { VirtualClock } from '../platform/virtual-clock.ts';
import type { DeviceTime } from './device-time.ts';
import type { Situation } from './observed.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

const HOPPER_LOW_GRAMS: Grams = 60;

/** What is broken at present, and since when nothing is. */
export class BrokenParts {
  readonly #clock: VirtualClock;
  readonly #broken = new Set<string>();
  #soundSinceMs: Milliseconds = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get isSound(): boolean {
    return this.#broken.size === 0;
  }

  get soundSinceMs(): Milliseconds {
    return this.isSound ? this.#soundSinceMs : Number.POSITIVE_INFINITY;
  }

  /** Whether the bowl's cell says nothing, or nothing true. */
  get isScaleBlind(): boolean {
    return [...this.#broken].some((part) => part.startsWith('scale') || part === 'bowl_removed');
  }

  break(part: string): void {
    this.#broken.add(part);
  }

  mend(part: string): void {
    if (this.#broken.delete(part) && this.isSound) this.#soundSinceMs = this.#clock.monoMs();
  }
}

/** The present, put together from where it is known. */
export class PresentSituation implements Situation {
  readonly #clock: VirtualClock;
  readonly #time: DeviceTime;
  readonly #world: FeederWorld;
  readonly #disk: SimulatedDisk;
  readonly #parts: BrokenParts;
  isUp = false;
  bootedAtMs: Milliseconds = 0;
  pieceGramsMax: Grams;

  constructor(parts: {
    clock: VirtualClock;
    time: DeviceTime;
    world: FeederWorld;
    disk: SimulatedDisk;
    broken: BrokenParts;
  }) {
    this.#clock = parts.clock;
    this.#time = parts.time;
    this.#world = parts.world;
    this.#disk = parts.disk;
    this.#parts = parts.broken;
    const { pieceGramsMean, pieceSdFraction } = parts.world.profile.kibble;
    this.pieceGramsMax = pieceGramsMean * (1 + 2.5 * pieceSdFraction);
  }

  get nowMs(): Milliseconds {
    return this.#clock.monoMs();
  }

  get trueWallMs(): number {
    return this.#time.trueWallMs();
  }

  get isDiskHealthy(): boolean {
    return this.#disk.state === 'ok';
  }

  get diskHealthySinceMs(): Milliseconds {
    return this.#disk.healthySinceMs;
  }

  get clockRightSinceMs(): Milliseconds {
    return this.#time.rightSinceMs;
  }

  get isClockFalse(): boolean {
    return this.#time.origin() !== 'none' && !this.#time.isClose();
  }

  get hardwareSoundSinceMs(): Milliseconds {
    const isLow = this.#world.model.hopper.grams < HOPPER_LOW_GRAMS;
    return isLow ? Number.POSITIVE_INFINITY : this.#parts.soundSinceMs;
  }
}
