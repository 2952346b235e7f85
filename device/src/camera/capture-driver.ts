import type { Milliseconds } from '@cat-feeder/shared';
import type { Chance } from '../platform/back-off.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { reasonOf } from '../platform/part.ts';
import type { CameraSource, CaptureProcess, Readiness, Segment } from './capture.ts';
import {
  type CaptureEvent,
  type CaptureOrder,
  type CaptureState,
  captureOff,
  hasChild,
  nextCapture,
} from './capture-machine.ts';
import type { Shield } from './shield.ts';

export interface CaptureDriverParts {
  readonly source: CameraSource;
  /** Its timers' errors stay inside the shield. */
  readonly clock: Clock;
  readonly shield: Shield;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly onSegment: (segment: Segment) => void;
  /** The state has another name, or another reason. */
  readonly onChange: () => void;
}

/** Carries out what the capture machine orders: one child at a time, watched and ended. */
export class CaptureDriver {
  readonly #parts: CaptureDriverParts;
  #state: CaptureState = captureOff;
  #child: CaptureProcess | null = null;
  #readiness: Readiness | null = null;
  #cancelTimer: Cancel = () => {};
  #armedForMs: Milliseconds | null = null;
  #onOff: (() => void) | null = null;

  constructor(parts: CaptureDriverParts) {
    this.#parts = parts;
  }

  get state(): CaptureState {
    return this.#state;
  }

  /** What the last look at the tools found; null before the first. */
  get readiness(): Readiness | null {
    return this.#readiness;
  }

  want(isWanted: boolean): void {
    if (isWanted !== this.#state.isWanted) this.#tell({ kind: isWanted ? 'wanted' : 'unwanted' });
  }

  /** Ends the child at once, by force; resolves when it is gone. */
  close(): Promise<void> {
    this.want(false);
    if (!hasChild(this.#state)) return Promise.resolve();
    const gone = new Promise<void>((resolve) => {
      this.#onOff = resolve;
    });
    this.#child?.kill();
    return gone;
  }

  #tell(event: CaptureEvent): void {
    const { clock, chance, logger, onChange } = this.#parts;
    const before = this.#state;
    const step = nextCapture(before, event, clock.monoMs(), chance);
    this.#state = step.state;
    const { name, why } = step.state;
    const isChanged = name !== before.name || why !== before.why;
    if (isChanged) logger.info({ from: before.name, to: name, why }, 'The camera changed.');
    this.#arm();
    this.#carryOut(step.order);
    if (isChanged) onChange();
    if (name === 'off') this.#onOff?.();
  }

  #carryOut(order: CaptureOrder): void {
    if (order === 'probe') void this.#probe();
    else if (order === 'open') this.#open();
    else if (order === 'terminate') this.#child?.terminate();
    else if (order === 'kill') this.#child?.kill();
  }

  async #probe(): Promise<void> {
    const readiness = await this.#readinessOf();
    this.#readiness = readiness;
    this.#parts.shield.run(() =>
      this.#tell(readiness.kind === 'ready' ? { kind: 'ready' } : readiness),
    );
  }

  async #readinessOf(): Promise<Readiness> {
    try {
      return await this.#parts.source.probe();
    } catch (error) {
      return { kind: 'unusable', why: reasonOf(error) };
    }
  }

  #open(): void {
    const { source, clock, shield, onSegment } = this.#parts;
    const ended = (why: string) => {
      this.#child = null;
      this.#tell({ kind: 'ended', why });
    };
    try {
      this.#child = source.open({
        onSegment: (segment) =>
          shield.run(() => {
            this.#tell({ kind: 'segment', durationMs: segment.durationMs });
            onSegment(segment);
          }),
        onFrames: (frames) => shield.run(() => this.#tell({ kind: 'frames', frames })),
        onEnd: (why) => shield.run(() => ended(why)),
      });
    } catch (error) {
      // There is no child whose end would be told.
      clock.after('no camera', 0, () => ended(reasonOf(error)));
    }
  }

  /** A timer that would fire too early stays: it finds nothing due and is set again. */
  #arm(): void {
    const { dueMs } = this.#state;
    if (dueMs !== null && this.#armedForMs !== null && this.#armedForMs <= dueMs) return;
    this.#cancelTimer();
    this.#armedForMs = dueMs;
    if (dueMs === null) return;
    const delayMs = Math.max(0, dueMs - this.#parts.clock.monoMs());
    this.#cancelTimer = this.#parts.clock.after('camera', delayMs, () => {
      this.#armedForMs = null;
      this.#tell({ kind: 'due' });
    });
  }
}
