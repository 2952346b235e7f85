import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { backOffMs, type Chance } from '../../platform/back-off.ts';
import { type Cancel, type Clock, sleep } from '../../platform/clock.ts';
import { checkOf, type PartCheck, type PartHealth, reasonOf } from '../../platform/part.ts';
import type { CellReading, CellSource } from '../../weighing/cell-source.ts';
import type { I2cBus } from '../io/i2c-bus.ts';
import { CellOutlet } from './cell-outlet.ts';
import { COUNTS_ENDS, EndOfRange } from './end-of-range.ts';
import { NAU7802_ADDRESS, Nau7802Chip } from './nau7802-chip.ts';

export interface Nau7802CellParts {
  /** For people: `bowl` or `hopper`. */
  readonly name: string;
  /** Shared with other parts; not closed here. */
  readonly bus: I2cBus;
  readonly clock: Clock;
  readonly chance: Chance;
}

const WAKE_MS: Milliseconds = 2;
const WAKE_TRIES = 10;
/**
 * The chip's regulator, which supplies the cell, needs about 200 ms to come up, and a zero that is found
 * earlier is wrong. Figure and margin are those of SparkFun's library for the chip (`_ldoRampDelay`).
 */
const LDO_RAMP_MS: Milliseconds = 250;
const CALIBRATION_MS: Milliseconds = 25;
/** The chip needs about 350 ms at 10 a second. */
const CALIBRATION_TRIES = 60;
const SETTLE_CONVERSIONS = 4;
/** The first look comes after this share of a period; the chip's own clock may be fast. */
const LOOK_SHARE = 0.92;
/** Between two looks that found nothing. */
const LOOK_AGAIN_MS: Milliseconds = 2;
/** So long without a conversion, and the chip is set up anew. */
const SILENT_MS: Milliseconds = 1200;
const SELF_TEST_MS: Milliseconds = 1900;

/*
 * A load cell with a NAU7802 on I2C.
 *
 *   setting up --calibrated--> running --fault, silence, reset of the chip--> away
 *        ^          |                                                          |
 *        |          +--fault--> away                                           |
 *        +---------------------------back-off, 1 s to 60 s---------------------+
 */
export class Nau7802Cell implements CellSource {
  readonly restSamplesPerSecond = 10;
  readonly dispenseSamplesPerSecond = 80;
  readonly #parts: Nau7802CellParts;
  readonly #chip: Nau7802Chip;
  readonly #outlet: CellOutlet;
  readonly #endOfRange: EndOfRange;
  #health: PartHealth;
  #failures = 0;
  /** The chip's present rate. */
  #rate: 10 | 80 = 10;
  #settling = SETTLE_CONVERSIONS;
  #goodMs: Milliseconds = 0;
  #isClosed = false;
  #cancel: Cancel = () => {};

  /** Never throws: a chip that does not answer is a state, and is tried again. */
  constructor(parts: Nau7802CellParts) {
    this.#parts = parts;
    this.#chip = new Nau7802Chip(parts.bus);
    this.#outlet = new CellOutlet(parts.clock);
    this.#endOfRange = new EndOfRange(parts.name);
    this.#health = { state: 'silent', why: `The NAU7802 of the ${parts.name} is being set up.` };
    this.#begin();
  }

  setMode(mode: 'rest' | 'dispense'): void {
    // The chip follows with its next look.
    if (!this.#isClosed) this.#outlet.setMode(mode);
  }

  onReadings(listener: (batch: readonly CellReading[]) => void): void {
    this.#outlet.onReadings(listener);
  }

  health(): PartHealth {
    return this.#health;
  }

  async selfTest(): Promise<PartCheck> {
    // Being set up and being well are both waited for; of a fault nothing more is to be learnt.
    const isHopeful = this.#health.state === 'ok' || this.#health.state === 'silent';
    const comes = isHopeful && (await this.#outlet.comes(SELF_TEST_MS));
    const fix = `Check the NAU7802's supply and its wires SDA and SCL; it answers at address 0x${NAU7802_ADDRESS.toString(16)}.`;
    if (comes || this.#health.state !== 'ok')
      return checkOf(this.#health, 'the NAU7802 converts', fix);
    return { ok: false, found: 'silent: no conversion came within two seconds.', fix };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#outlet.close();
  }

  #wantedRate(): 10 | 80 {
    return this.#outlet.mode === 'rest' ? 10 : 80;
  }

  #begin(): void {
    // Awaited by nobody: every end of it is handled here.
    void this.#setUp().then(
      () => this.#look(LOOK_SHARE * this.#periodMs()),
      (error: unknown) => this.#lose(error),
    );
  }

  async #setUp(): Promise<void> {
    const { clock } = this.#parts;
    await this.#chip.reset();
    await this.#tries('nau7802 wakes', WAKE_MS, WAKE_TRIES, () => this.#chip.isAwake());
    if (!(await this.#chip.isNau7802())) {
      throw this.#fault('implausible', 'The part at its address is another chip.');
    }
    await this.#chip.configure();
    await sleep(clock, 'nau7802 supplies the cell', LDO_RAMP_MS);
    if (this.#isClosed) return;
    this.#rate = this.#wantedRate();
    await this.#chip.calibrate(this.#rate);
    await this.#tries('nau7802 calibrates', CALIBRATION_MS, CALIBRATION_TRIES, async () => {
      const state = await this.#chip.calibration();
      if (state === 'failed') {
        throw this.#fault('implausible', 'It cannot find its zero: check the wires of the cell.');
      }
      return state === 'done';
    });
    this.#settling = SETTLE_CONVERSIONS;
    this.#goodMs = clock.monoMs();
  }

  async #tries(
    name: string,
    waitMs: Milliseconds,
    tries: number,
    isSo: () => Promise<boolean>,
  ): Promise<void> {
    for (let i = 0; i < tries; i++) {
      await sleep(this.#parts.clock, name, waitMs);
      if (this.#isClosed || (await isSo())) return;
    }
    throw this.#fault('silent', 'It does not come out of its set-up.');
  }

  #look(waitMs: Milliseconds): void {
    if (this.#isClosed) return;
    this.#cancel = this.#parts.clock.after('nau7802', waitMs, () => {
      // Awaited by nobody: every end of it is handled here.
      void this.#measure().then(
        (nextMs) => this.#look(nextMs),
        (error: unknown) => this.#lose(error),
      );
    });
  }

  /** One look at the chip; returns the wait until the next. */
  async #measure(): Promise<Milliseconds> {
    const { clock } = this.#parts;
    if (this.#rate !== this.#wantedRate()) await this.#switchRate();
    const state = await this.#chip.conversion();
    if (state === 'lost') throw this.#fault('unplugged', 'It had lost its power for a moment.');
    const atMs = clock.monoMs();
    if (state === 'none') {
      if (atMs - this.#goodMs > SILENT_MS) throw this.#fault('silent', 'It does not convert.');
      return LOOK_AGAIN_MS;
    }
    const counts = await this.#chip.counts();
    this.#goodMs = atMs;
    if (this.#settling > 0) this.#settling -= 1;
    else this.#take({ atMs, counts });
    return LOOK_SHARE * this.#periodMs();
  }

  async #switchRate(): Promise<void> {
    this.#rate = this.#wantedRate();
    await this.#chip.setRate(this.#rate);
    this.#settling = SETTLE_CONVERSIONS;
  }

  #take(reading: { readonly atMs: Milliseconds; readonly counts: number }): void {
    if (this.#isClosed) return;
    this.#failures = 0;
    this.#health = this.#endOfRange.take(COUNTS_ENDS.includes(reading.counts));
    this.#outlet.give([reading]);
  }

  #periodMs(): Milliseconds {
    return 1000 / this.#rate;
  }

  #fault(state: PartHealth['state'], why: string): Nau7802Fault {
    return new Nau7802Fault(state, why);
  }

  #lose(error: unknown): void {
    if (this.#isClosed) return;
    const { clock, chance, name } = this.#parts;
    const state = error instanceof Nau7802Fault ? error.state : 'unplugged';
    this.#health = { state, why: `The NAU7802 of the ${name} is away. ${reasonOf(error)}` };
    this.#outlet.give([{ atMs: clock.monoMs(), counts: null }]);
    this.#failures += 1;
    this.#cancel = clock.after('nau7802 again', backOffMs(this.#failures, chance), () =>
      this.#begin(),
    );
  }
}

/** A chip that answers, but not as it should. */
class Nau7802Fault extends FeederError {
  readonly state: PartHealth['state'];

  constructor(state: PartHealth['state'], message: string) {
    super('ERR_HARDWARE_FAULT', { message });
    this.state = state;
  }
}
