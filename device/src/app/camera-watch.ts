import type { ClipVisit, Feeding, Milliseconds } from '@cat-feeder/shared';
import type { Camera } from '../camera/camera.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { LiveEvent, LiveEvents } from '../platform/live-events.ts';
import type { Service, ServiceCondition } from './runtime-manager.ts';

/** The camera is not looked for before the feeder has had this long to itself. */
const START_DELAY_MS: Milliseconds = 2000;
/** After the last one left, what the ledger says of the visit is waited for this long. */
const VISIT_SETTLE_MS: Milliseconds = 5000;

export interface CameraWatchParts {
  readonly camera: Camera;
  readonly clock: Clock;
  readonly live: LiveEvents;
  /** Visits as the ledger takes them. Returns the unsubscribe. */
  readonly onVisit: (listener: (visit: ClipVisit) => void) => () => void;
  /** Feedings that are not closed; at a start, those that were cut off. */
  readonly openFeedings: () => readonly Feeding[];
  /** Closings of feedings as the ledger takes them. Returns the unsubscribe. */
  readonly onFeedingClosed: (listener: (feedingId: string) => void) => () => void;
  readonly feedingOf: (id: string) => Feeding | undefined;
  readonly isSwitchedOn: () => boolean;
  /** May throw `ERR_STORAGE`. */
  readonly setSwitch: (isOn: boolean) => void;
}

/**
 * Tells the camera what happens, from the events that pages get, too: it hears of a feeding when
 * all is decided, and nobody hears of it.
 */
export class CameraWatch implements Service {
  readonly #parts: CameraWatchParts;
  /** Cut off before this start, and not closed yet. */
  readonly #cutOff = new Set<string>();
  #unsubscribe: readonly (() => void)[] = [];
  #cancelStart: Cancel = () => {};
  #cancelEnd: Cancel = () => {};

  constructor(parts: CameraWatchParts) {
    this.#parts = parts;
  }

  get camera(): Camera {
    return this.#parts.camera;
  }

  start(): void {
    const { camera, clock, live, onVisit, onFeedingClosed } = this.#parts;
    const cutOff = this.#parts.openFeedings();
    for (const { id } of cutOff) this.#cutOff.add(id);
    camera.feedingsCutOff(cutOff);
    this.#unsubscribe = [
      // Later, so that nothing of the camera runs inside the step of a feeding.
      live.subscribe((event) => void clock.after('camera hears', 0, () => this.#heard(event))),
      onVisit((visit) => camera.visitRecorded(visit)),
      onFeedingClosed((id) => this.#closed(id)),
    ];
    this.#cancelStart = clock.after('camera start', START_DELAY_MS, () => camera.start());
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#cancelStart();
    this.#cancelEnd();
    await this.#parts.camera.stop();
  }

  condition(): ServiceCondition {
    const { state, why } = this.#parts.camera.view();
    const isWell = why === '' && state !== 'degraded';
    return isWell
      ? { state: 'ok' }
      : { state: 'degraded', why: why || 'the camera gives no picture' };
  }

  /** The button at the feeder. `ERR_STORAGE` when the switch could not be kept. */
  toggle(): void {
    const { camera, isSwitchedOn, setSwitch } = this.#parts;
    setSwitch(!isSwitchedOn());
    camera.settingsChanged();
  }

  #heard({ name, data }: LiveEvent): void {
    const { camera } = this.#parts;
    if (name === 'feeding') this.#feeding(data as Feeding);
    else if (name === 'presence') this.#presence((data as { tags: readonly string[] }).tags.length);
    else if (name === 'changed' && (data as { what: string }).what === 'settings') {
      camera.settingsChanged();
    }
  }

  #feeding(feeding: Feeding): void {
    if (feeding.state === 'running') this.#parts.camera.feedingBegan(feeding);
    if (feeding.state === 'done') this.#parts.camera.feedingEnded(feeding);
  }

  /** Feedings that were cut off are closed by the recovery, which no live event tells of. */
  #closed(id: string): void {
    if (!this.#cutOff.delete(id)) return;
    const { camera, clock, feedingOf } = this.#parts;
    clock.after('camera hears', 0, () => {
      const feeding = feedingOf(id);
      if (feeding !== undefined) camera.feedingCutOff(feeding);
    });
  }

  #presence(tags: number): void {
    const { camera, clock } = this.#parts;
    this.#cancelEnd();
    if (tags > 0) camera.visitBegan();
    else {
      this.#cancelEnd = clock.after('end of a visit', VISIT_SETTLE_MS, () => camera.visitEnded());
    }
  }
}
