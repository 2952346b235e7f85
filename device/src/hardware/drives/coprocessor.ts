import type { Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import type { CurrentMeter, DrivePart, EdgeCounter } from '../../dispensing/shaft-sensors.ts';
import type { Clock } from '../../platform/clock.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { CellReading, CellSource } from '../../weighing/cell-source.ts';
import { CellOutlet } from '../cells/cell-outlet.ts';
import { COUNTS_ENDS, EndOfRange } from '../cells/end-of-range.ts';
import type { SerialLink } from '../io/serial-link.ts';
import { type HostMessage, isNewer } from './coprocessor-frames.ts';
import { CoprocessorLink, type PlacedStatus } from './coprocessor-link.ts';
import { assertSlice } from './slice-check.ts';

/** An order that is not obeyed after so long is sent again with the next status. */
const AGAIN_MS: Milliseconds = 30;
/** A motor that is still reported to turn so long after its slice is told to stop, again and again. */
const OVERRUN_MS: Milliseconds = 150;

export interface CoprocessorParts {
  readonly link: SerialLink;
  readonly clock: Clock;
  readonly restSamplesPerSecond: number;
  readonly dispenseSamplesPerSecond: number;
}

/** A microcontroller that owns the motor and its cut-off, and samples all sensors. */
export interface Coprocessor {
  readonly drive: DrivePart;
  readonly bowl: CellSource;
  readonly hopper: CellSource;
  readonly edges: EdgeCounter;
  readonly current: CurrentMeter;
  isUndervoltage(): boolean;
}

/** Opens the session; it ends when the drive is closed. */
export function openCoprocessor(parts: CoprocessorParts): Coprocessor {
  const session = new CoprocessorLink(parts);
  const drive = new CoprocessorDrive(session, parts.clock);
  const bowl = new CoprocessorCell('bowl', session, parts);
  const hopper = new CoprocessorCell('hopper', session, parts);
  const edges = new CoprocessorEdges(session);
  const current = new CoprocessorCurrent(session);
  let isUndervoltage = false;
  session.onStatus((status) => {
    isUndervoltage = status.isUndervoltage;
    drive.see(status);
    edges.see(status);
    current.see(status);
    // The bowl's reading makes the sample, so it comes last.
    hopper.see({ atMs: status.atMs, counts: status.hopper });
    bowl.see({ atMs: status.atMs, counts: status.bowl });
  });
  return { drive, bowl, hopper, edges, current, isUndervoltage: () => isUndervoltage };
}

/** What the parts of a controller have in common: they are as well as the session is. */
class CoprocessorPart {
  protected readonly session: CoprocessorLink;
  protected isClosed = false;
  readonly #found: string;

  constructor(session: CoprocessorLink, found: string) {
    this.session = session;
    this.#found = found;
  }

  health(): PartHealth {
    return this.session.health();
  }

  async selfTest(): Promise<PartCheck> {
    return checkOf(
      this.health(),
      this.#found,
      'Check the controller: its plug, power and firmware.',
    );
  }

  close(): void {
    this.isClosed = true;
  }
}

type Order = {
  readonly message: HostMessage;
  readonly endMs: Milliseconds;
  sequence: number | null;
  sentAtMs: Milliseconds;
};

/** The motor at the controller. */
class CoprocessorDrive extends CoprocessorPart implements DrivePart {
  readonly #clock: Clock;
  #order: Order | null = null;
  #trouble: PartHealth | null = null;

  constructor(session: CoprocessorLink, clock: Clock) {
    super(
      session,
      'The controller answers; it ends every run by itself and cuts off after 300 ms.',
    );
    this.#clock = clock;
  }

  run(slice: MotorSlice): void {
    assertSlice(slice);
    if (this.isClosed) return;
    const { direction, speed, maxMs } = slice;
    // The controller counts whole milliseconds: never more than was allowed.
    const message = {
      kind: 'run',
      direction,
      speed255: Math.max(1, Math.round(speed * 255)),
      maxMs: Math.floor(maxMs),
    } as const;
    this.#give(message, this.#clock.monoMs() + maxMs);
  }

  stop(): void {
    if (!this.isClosed) this.#give({ kind: 'stop' }, this.#clock.monoMs());
  }

  /** A fault that its driver reported belongs to the run before: only another run can tell more. */
  canTurn(): boolean {
    return !this.isClosed && super.health().state === 'ok';
  }

  override health(): PartHealth {
    const health = super.health();
    return health.state === 'ok' ? (this.#trouble ?? health) : health;
  }

  override close(): void {
    if (this.isClosed) return;
    this.stop();
    super.close();
    this.session.close();
  }

  /** Follows what the motor does: what was lost on the wire is said again, shorter. */
  see(status: PlacedStatus): void {
    this.#trouble = troubleOf(status);
    const order = this.#order;
    const nowMs = this.#clock.monoMs();
    const isTurning = status.motion !== 'off';
    if (order === null) {
      if (isTurning) this.#overrun(nowMs);
      return;
    }
    const isObeyed = order.sequence !== null && !isNewer(order.sequence, status.obeyed);
    if (isObeyed && isTurning && nowMs > order.endMs + OVERRUN_MS) this.#overrun(nowMs);
    if (isObeyed || nowMs - order.sentAtMs < AGAIN_MS) return;
    const { message } = order;
    const leftMs = Math.floor(order.endMs - nowMs);
    if (message.kind !== 'run') this.#give(message, order.endMs);
    else if (leftMs >= 1) this.#give({ ...message, maxMs: leftMs }, order.endMs);
  }

  #overrun(nowMs: Milliseconds): void {
    this.#trouble = {
      state: 'implausible',
      why: 'The controller lets the motor run past its time.',
    };
    this.#give({ kind: 'stop' }, nowMs);
  }

  #give(message: HostMessage, endMs: Milliseconds): void {
    const sequence = this.session.send(message);
    this.#order =
      sequence === null ? null : { message, endMs, sequence, sentAtMs: this.#clock.monoMs() };
  }
}

function troubleOf({ stopCause, motion }: PlacedStatus): PartHealth | null {
  if (stopCause !== 'driver-fault' || motion !== 'off') return null;
  const why =
    'The motor driver reports a fault: a short circuit, heat, or a motor that is blocked.';
  return { state: 'implausible', why };
}

/** A load cell at the controller. */
class CoprocessorCell extends CoprocessorPart implements CellSource {
  readonly restSamplesPerSecond: number;
  readonly dispenseSamplesPerSecond: number;
  readonly #outlet: CellOutlet;
  readonly #endOfRange: EndOfRange;
  #cell: PartHealth = healthy;

  /** `name` is for people: `bowl` or `hopper`. */
  constructor(name: string, session: CoprocessorLink, parts: CoprocessorParts) {
    super(session, 'The controller reads the cell.');
    this.restSamplesPerSecond = parts.restSamplesPerSecond;
    this.dispenseSamplesPerSecond = parts.dispenseSamplesPerSecond;
    this.#outlet = new CellOutlet(parts.clock);
    this.#endOfRange = new EndOfRange(name);
  }

  setMode(mode: 'rest' | 'dispense'): void {
    if (this.isClosed) return;
    this.#outlet.setMode(mode);
    this.session.setMode(mode);
  }

  onReadings(listener: (batch: readonly CellReading[]) => void): void {
    this.#outlet.onReadings(listener);
  }

  override health(): PartHealth {
    const health = super.health();
    return health.state === 'ok' ? this.#cell : health;
  }

  override close(): void {
    super.close();
    this.#outlet.close();
  }

  see(reading: CellReading): void {
    const { counts } = reading;
    this.#cell = counts === null ? noReading : this.#endOfRange.take(COUNTS_ENDS.includes(counts));
    this.#outlet.give([reading]);
  }
}

const noReading: PartHealth = {
  state: 'silent',
  why: 'The controller gets no reading from the cell: check its plug.',
};

/** The shaft's edges, counted by the controller. */
class CoprocessorEdges extends CoprocessorPart implements EdgeCounter {
  #edges: number | null = null;

  constructor(session: CoprocessorLink) {
    super(session, 'The controller counts the edges of the shaft.');
  }

  edges(): number | null {
    return super.health().state === 'ok' ? this.#edges : null;
  }

  see({ totalEdges }: PlacedStatus): void {
    this.#edges = totalEdges;
  }
}

/** The motor's current, measured by the controller with each status. */
class CoprocessorCurrent extends CoprocessorPart implements CurrentMeter {
  #sum = 0;
  #count = 0;

  constructor(session: CoprocessorLink) {
    super(session, "The controller measures the motor's current.");
  }

  setPeriod(): void {
    // The controller measures with every status, at its own rate.
  }

  takeMilliamps(): number | null {
    const mean = this.#count === 0 ? null : this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    return mean;
  }

  see({ milliamps }: PlacedStatus): void {
    if (milliamps === null || this.isClosed) return;
    this.#sum += milliamps;
    this.#count += 1;
  }
}
