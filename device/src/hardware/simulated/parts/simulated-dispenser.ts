import type { MotorSlice } from '../../../dispensing/control-board.ts';
import type { CurrentMeter, DrivePart, EdgeCounter } from '../../../dispensing/shaft-sensors.ts';
import { healthy, type PartHealth } from '../../../platform/part.ts';
import type { CellReading, CellSource } from '../../../weighing/cell-source.ts';
import type { Sample } from '../../../weighing/sample.ts';
import { COUNTS_ENDS, EndOfRange } from '../../cells/end-of-range.ts';
import type { SimulatedBoard } from '../simulated-board.ts';
import { SimulatedPart } from './simulated-part.ts';

/**
 * The parts of a simulated board, each on its own, as the real ones come: a drive, one or two
 * cells, an edge counter and a current meter. A broken part keeps what the model says from coming
 * out.
 */
export interface SimulatedDispenser {
  readonly drive: SimulatedDrive;
  readonly bowl: SimulatedCell;
  readonly hopper: SimulatedCell | null;
  readonly edges: SimulatedEdges | null;
  readonly current: SimulatedCurrent | null;
  /** The supply sags now, as the model has it. */
  isUndervoltage(): boolean;
}

/** Takes a simulated board apart; it is driven through the parts from now on. */
export function takeApart(board: SimulatedBoard): SimulatedDispenser {
  const { traits } = board;
  const bowl = new SimulatedCell('bowl', board);
  const hopper = traits.hasHopperCell ? new SimulatedCell('hopper', board) : null;
  const edges = traits.indexEdgesPerTurn === null ? null : new SimulatedEdges();
  const current = traits.hasMotorCurrent ? new SimulatedCurrent() : null;
  let isWeak = false;
  board.onSamples((batch) => {
    for (const sample of batch) {
      isWeak = sample.undervoltage;
      edges?.see(sample);
      current?.see(sample);
    }
    hopper?.deliver(batch.map(({ atMs, hopper: counts }) => ({ atMs, counts })));
    bowl.deliver(batch.map(({ atMs, bowl: counts }) => ({ atMs, counts })));
  });
  const drive = new SimulatedDrive(board);
  return { drive, bowl, hopper, edges, current, isUndervoltage: () => isWeak };
}

/** The motor of the model. */
export class SimulatedDrive extends SimulatedPart implements DrivePart {
  readonly #board: SimulatedBoard;

  constructor(board: SimulatedBoard) {
    super('drive');
    this.#board = board;
  }

  run(slice: MotorSlice): void {
    if (this.isClosed || this.health().state !== 'ok') return;
    this.#board.drive.run(slice);
  }

  stop(): void {
    this.#board.drive.stop();
  }

  canTurn(): boolean {
    return !this.isClosed && this.health().state === 'ok';
  }

  override close(): void {
    this.stop();
    super.close();
  }
}

/** One cell of the model. `silent` and `unplugged`: nothing comes; `saturated`: the end of the range. */
export class SimulatedCell extends SimulatedPart implements CellSource {
  readonly restSamplesPerSecond: number;
  readonly dispenseSamplesPerSecond: number;
  readonly #board: SimulatedBoard;
  readonly #endOfRange: EndOfRange;
  #seen: PartHealth = healthy;
  #listener: (batch: readonly CellReading[]) => void = () => {};

  /** `place` is for people: `bowl` or `hopper`. */
  constructor(place: string, board: SimulatedBoard) {
    super(`${place} cell`);
    this.#board = board;
    this.#endOfRange = new EndOfRange(place);
    this.restSamplesPerSecond = board.traits.restSamplesPerSecond;
    this.dispenseSamplesPerSecond = board.traits.dispenseSamplesPerSecond;
  }

  setMode(mode: 'rest' | 'dispense'): void {
    if (!this.isClosed) this.#board.setMode(mode);
  }

  onReadings(listener: (batch: readonly CellReading[]) => void): void {
    this.#listener = listener;
  }

  /** As it was broken from outside; else as what it gives shows. */
  override health(): PartHealth {
    const health = super.health();
    return health.state === 'ok' ? this.#seen : health;
  }

  deliver(batch: readonly CellReading[]): void {
    const { state } = super.health();
    if (this.isClosed || state === 'unplugged' || state === 'silent') return;
    for (const { counts } of batch) {
      if (counts !== null) this.#seen = this.#endOfRange.take(COUNTS_ENDS.includes(counts));
    }
    this.#listener(state === 'saturated' ? batch.map(atEnd) : batch);
  }
}

function atEnd({ atMs }: CellReading): CellReading {
  return { atMs, counts: 8_388_607 };
}

/** The index of the model. */
export class SimulatedEdges extends SimulatedPart implements EdgeCounter {
  #edges: number | null = null;

  constructor() {
    super('shaft index');
  }

  see(sample: Sample): void {
    this.#edges = sample.indexEdges;
  }

  edges(): number | null {
    return this.health().state === 'ok' ? this.#edges : null;
  }
}

/** The current sensor of the model: means over the time between two samples. */
export class SimulatedCurrent extends SimulatedPart implements CurrentMeter {
  #sum = 0;
  #count = 0;

  constructor() {
    super('current meter');
  }

  setPeriod(): void {
    // The model measures with each sample.
  }

  see(sample: Sample): void {
    if (sample.motorMilliamps === null || this.isClosed) return;
    this.#sum += sample.motorMilliamps;
    this.#count += 1;
  }

  takeMilliamps(): number | null {
    if (this.#count === 0 || this.health().state !== 'ok') return null;
    const mean = this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    return mean;
  }
}
