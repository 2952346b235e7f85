import type { Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { healthy, type PartHealth } from '../../platform/part.ts';
import { FrameScanner } from '../io/frame-scanner.ts';
import type { SerialLink } from '../io/serial-link.ts';
import {
  BEAT_MS,
  type ControllerHello,
  type ControllerMessage,
  type ControllerStatus,
  controllerRules,
  type HostMessage,
  hostFrame,
  type Numbered,
  nextSequence,
  PROTOCOL_VERSION,
} from './coprocessor-frames.ts';
import { CoprocessorTime } from './coprocessor-time.ts';

/** A controller that sends no frame for so long is silent; at rest it sends ten a second. */
export const SILENT_MS: Milliseconds = 1000;
/** So many bytes without a frame: it babbles, or something else is plugged in. */
const BABBLE_BYTES = 512;

/** A status with its time on our clock, and with edges that only grow. */
export interface PlacedStatus extends ControllerStatus {
  readonly atMs: Milliseconds;
  readonly totalEdges: number;
}

/*
 * The feeder's side of the wire to a motor controller.
 *
 *   away --port opens--> calling --hello answered, same protocol--> greeted
 *    ^                     ^   \--other protocol--> refused            |
 *    |---- port closes ----+---- status says: not greeted (a reset) ---+
 *
 * I1 A beat goes out every 100 ms while the port is open, and only from a timer of this thread: a
 *    thread that hangs sends none, and the controller cuts the motor off after 300 ms.
 * I2 Nothing but hello and beat is sent while the controller is not greeted.
 * I3 Edges only grow over any number of resets.
 */

/** The session with one controller. */
export class CoprocessorLink {
  readonly #link: SerialLink;
  readonly #clock: Clock;
  readonly #scanner = new FrameScanner(controllerRules);
  readonly #time = new CoprocessorTime();
  #sequence = 0;
  #hello: ControllerHello | null = null;
  #isGreeted = false;
  #lastFrameAtMs: Milliseconds;
  #noiseSince = 0;
  #edgesBefore = 0;
  #edges = 0;
  #mode: 'rest' | 'dispense' = 'rest';
  #cancelBeat: Cancel = () => {};
  #isClosed = false;
  #statusListener: (status: PlacedStatus) => void = () => {};

  constructor({ link, clock }: { readonly link: SerialLink; readonly clock: Clock }) {
    this.#link = link;
    this.#clock = clock;
    this.#lastFrameAtMs = clock.monoMs();
    link.onBytes((bytes) => this.#hear(bytes));
    link.onLink(({ isOpen }) => this.#follow(isOpen));
    if (link.isOpen) this.#follow(true);
  }

  /** Greeted, and not yet silent: it would obey. */
  get isReady(): boolean {
    return this.#isGreeted && this.#link.isOpen && !this.#isClosed;
  }

  /** One listener. */
  onStatus(listener: (status: PlacedStatus) => void): void {
    this.#statusListener = listener;
  }

  /** The number of the frame that was sent, or null when the controller is not greeted. */
  send(message: HostMessage): number | null {
    return this.isReady ? this.#send(message) : null;
  }

  setMode(mode: 'rest' | 'dispense'): void {
    this.#mode = mode;
    this.send({ kind: 'rate', mode });
  }

  health(): PartHealth {
    if (!this.#link.isOpen) return { state: 'unplugged', why: this.#link.why ?? 'It is away.' };
    if (this.#hello !== null && this.#hello.protocol !== PROTOCOL_VERSION) {
      const why = `The controller speaks version ${this.#hello.protocol} of the protocol, the feeder ${PROTOCOL_VERSION}.`;
      return { state: 'implausible', why };
    }
    const noise = this.#scanner.noiseBytes - this.#noiseSince;
    if (noise >= BABBLE_BYTES) {
      return {
        state: 'babbling',
        why: 'Bytes come but no frame: is this the controller, and its speed?',
      };
    }
    const silentMs = this.#clock.monoMs() - this.#lastFrameAtMs;
    if (silentMs > SILENT_MS || !this.#isGreeted) {
      return {
        state: 'silent',
        why: 'The motor controller does not answer: check its power and firmware.',
      };
    }
    return healthy;
  }

  /** Idempotent; the controller hears no more beats. */
  close(): void {
    if (this.#isClosed) return;
    this.send({ kind: 'stop' });
    this.#isClosed = true;
    this.#cancelBeat();
    void this.#link.close();
  }

  #follow(isOpen: boolean): void {
    if (this.#isClosed) return;
    this.#cancelBeat();
    this.#scanner.reset();
    this.#noiseSince = this.#scanner.noiseBytes;
    this.#isGreeted = false;
    if (!isOpen) return;
    this.#hello = null;
    this.#lastFrameAtMs = this.#clock.monoMs();
    this.#beat();
  }

  #beat(): void {
    this.#send({ kind: this.#isGreeted ? 'beat' : 'hello' });
    this.#cancelBeat = this.#clock.after('coprocessor beat', BEAT_MS, () => this.#beat());
  }

  #send(message: HostMessage): number {
    this.#sequence = nextSequence(this.#sequence);
    const sequence = this.#sequence;
    // A port that takes nothing goes away and says so; the controller ends every run by itself.
    this.#link.write(hostFrame({ sequence, message })).catch(() => {});
    return sequence;
  }

  #hear(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    for (const { content } of this.#scanner.push(bytes)) {
      this.#noiseSince = this.#scanner.noiseBytes;
      this.#lastFrameAtMs = this.#clock.monoMs();
      this.#take(content);
    }
  }

  #take({ message }: Numbered<ControllerMessage | null>): void {
    if (message === null) return;
    if (message.kind === 'hello') this.#greet(message);
    else this.#report(message);
  }

  #greet(hello: ControllerHello): void {
    const isReset = this.#hello !== null && this.#hello.bootId !== hello.bootId;
    if (this.#hello === null || isReset) {
      this.#time.restart();
      // A controller that was only unplugged from us has counted on; one that began anew has not.
      this.#edgesBefore += this.#edges;
      this.#edges = 0;
      this.#edgesFrom = null;
    }
    this.#hello = hello;
    this.#isGreeted = hello.protocol === PROTOCOL_VERSION;
    if (this.#isGreeted) this.setMode(this.#mode);
  }

  /** What the controller's counter showed when this stretch of counting began. */
  #edgesFrom: number | null = null;

  #report(status: ControllerStatus): void {
    if (!status.isGreeted) this.#isGreeted = false;
    if (!this.#isGreeted) return;
    this.#edgesFrom ??= status.edges;
    this.#edges = (status.edges - this.#edgesFrom) >>> 0;
    const atMs = this.#time.place(status.timeMs, this.#clock.monoMs());
    this.#statusListener({ ...status, atMs, totalEdges: this.#edgesBefore + this.#edges });
  }
}
