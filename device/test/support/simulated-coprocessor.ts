import {
  type ControllerMessage,
  CUT_OFF_MS,
  controllerFrame,
  type HostMessage,
  hostRules,
  isNewer,
  type Numbered,
  nextSequence,
  PROTOCOL_VERSION,
  type StopCause,
} from '../../src/hardware/drives/coprocessor-frames.ts';
import { FrameScanner } from '../../src/hardware/io/frame-scanner.ts';
import type { Cancel } from '../../src/platform/clock.ts';
import type { VirtualClock } from '../../src/platform/virtual-clock.ts';
import type { HandLink } from './hand-link.ts';

/** What may happen to a frame on the wire: the pieces that arrive, each so much later. */
export type Wire = (frame: Uint8Array) => readonly { bytes: Uint8Array; delayMs: number }[];

const clean: Wire = (bytes) => [{ bytes, delayMs: 0 }];

/** A motor controller as docs/coprocessor.md demands it, at the level of its frames. */
export class SimulatedCoprocessor {
  /** The wires from and to the feeder. */
  fromHost: Wire = clean;
  toHost: Wire = clean;
  protocol = PROTOCOL_VERSION;
  bowl: number | null = 1000;
  milliamps: number | null = 200;
  hasFault = false;
  isUndervoltage = false;
  edges = 0;
  motion: 'off' | 'forward' | 'reverse' = 'off';
  stopCause: StopCause = 'none';
  /** Orders that were obeyed. */
  readonly obeyed: HostMessage[] = [];
  readonly #link: HandLink;
  readonly #clock: VirtualClock;
  #scanner = new FrameScanner(hostRules);
  #bootId = 0;
  #bootedAtMs = 0;
  #isGreeted = false;
  #heard = 0;
  #lastOrder = 0;
  #sequence = 0;
  #periodMs = 100;
  #cancelSlice: Cancel = () => {};
  #cancelCutOff: Cancel = () => {};
  #cancelStatus: Cancel = () => {};

  constructor(link: HandLink, clock: VirtualClock) {
    this.#link = link;
    this.#clock = clock;
    link.onWritten = (bytes) => {
      for (const piece of this.fromHost(bytes)) {
        clock.after('wire', piece.delayMs, () => this.#hear(piece.bytes));
      }
    };
    this.reset();
  }

  /** Power came back, or the reset button was pressed. */
  reset(): void {
    this.#bootId += 1;
    this.#bootedAtMs = this.#clock.monoMs();
    this.edges = 0;
    this.#stop('none');
    this.#isGreeted = false;
    this.#scanner = new FrameScanner(hostRules);
    this.#periodMs = 100;
    this.#awaitStatus();
  }

  /** What it says of itself beside its motion. */
  get link(): { readonly isGreeted: boolean; readonly obeyed: number; readonly isFast: boolean } {
    return { isGreeted: this.#isGreeted, obeyed: this.#lastOrder, isFast: this.#periodMs < 100 };
  }

  get sign(): 1 | -1 | 0 {
    if (this.motion === 'off') return 0;
    return this.motion === 'forward' ? 1 : -1;
  }

  #hear(bytes: Uint8Array): void {
    for (const { content } of this.#scanner.push(bytes)) this.#take(content);
  }

  #take({ sequence, message }: Numbered<HostMessage | null>): void {
    if (message === null) return;
    if (message.kind === 'hello') {
      this.#isGreeted = true;
      this.#heard = sequence;
      this.#lastOrder = sequence;
      this.#feed();
      this.#say({
        kind: 'hello',
        protocol: this.protocol,
        bootId: this.#bootId,
        hasCurrent: true,
        hasHopperCell: false,
        hasEdges: true,
      });
      return;
    }
    if (!this.#isGreeted || !isNewer(sequence, this.#heard)) return;
    this.#heard = sequence;
    this.#feed();
    if (message.kind === 'rate') this.#periodMs = message.mode === 'rest' ? 100 : 12.5;
    if (message.kind !== 'run' && message.kind !== 'stop') return;
    this.#lastOrder = sequence;
    this.obeyed.push(message);
    this.#cancelSlice();
    if (message.kind === 'stop') this.#stop('stop');
    else if (this.hasFault) this.#stop('driver-fault');
    else this.#run(message.direction, message.maxMs);
  }

  #run(direction: 'forward' | 'reverse', maxMs: number): void {
    this.motion = direction;
    this.#cancelSlice = this.#clock.after('slice', maxMs, () => this.#stop('slice-end'));
  }

  #stop(cause: StopCause): void {
    this.#cancelSlice();
    this.motion = 'off';
    this.stopCause = cause;
  }

  /** A newer frame was heard: the cut-off waits anew. */
  #feed(): void {
    this.#cancelCutOff();
    this.#cancelCutOff = this.#clock.after('cut-off', CUT_OFF_MS, () => {
      this.#isGreeted = false;
      if (this.motion !== 'off') this.#stop('silence');
    });
  }

  #awaitStatus(): void {
    this.#cancelStatus();
    this.#cancelStatus = this.#clock.after('status', this.#periodMs, () => {
      if (this.motion !== 'off') this.edges += 1;
      this.#say({
        kind: 'status',
        timeMs: Math.floor(this.#clock.monoMs() - this.#bootedAtMs),
        motion: this.motion,
        stopCause: this.stopCause,
        obeyed: this.#lastOrder,
        edges: this.edges,
        milliamps: this.milliamps,
        bowl: this.bowl,
        hopper: null,
        isUndervoltage: this.isUndervoltage,
        isGreeted: this.#isGreeted,
      });
      this.#awaitStatus();
    });
  }

  #say(message: ControllerMessage): void {
    this.#sequence = nextSequence(this.#sequence);
    const frame = controllerFrame({ sequence: this.#sequence, message });
    for (const piece of this.toHost(frame)) {
      this.#clock.after('wire', piece.delayMs, () => this.#link.send(piece.bytes));
    }
  }
}
