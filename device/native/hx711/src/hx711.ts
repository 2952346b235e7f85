import type { BoardIo } from '@cat-feeder/board-io';
import type { Converter, RawResult } from './converter.ts';
import { IioConverter } from './iio-converter.ts';
import { openNative } from './native-converter.ts';
import {
  COUNTS_MAX,
  COUNTS_MIN,
  type Hx711Clock,
  Hx711Error,
  type Hx711Figures,
  type Hx711Gain,
  type Hx711Rate,
  type Hx711Reading,
  type Hx711Source,
  type SilenceCause,
} from './readings.ts';

export interface Hx711Options {
  /** The hardware addon; null where only the kernel's files are to be used. */
  readonly board: BoardIo | null;
  /** 1 to 3, best first. */
  readonly sources: readonly Hx711Source[];
  readonly gain: Hx711Gain;
  readonly samplesPerSecond: Hx711Rate;
  /** Silence is told after so long, 10 to 60 000; a chip needs up to 500 ms after power-up. */
  readonly silentMs: number;
  readonly clock: Hx711Clock;
}

/** A source that was silent so often without a single sample is left for the next one. */
const SILENCES_MAX = 2;

/**
 * An HX711. It opens the first source that can be had, and goes on to the next when that one never
 * gives a sample: a wiring says what is connected, the converter says what works.
 */
export class Hx711 {
  readonly #options: Hx711Options;
  #converter: Converter;
  #at = 0;
  /** Results of a source that was left may still be on their way. */
  #epoch = 0;
  #hasSampled = false;
  #silences = 0;
  #gain: Hx711Gain;
  #rate: Hx711Rate;
  #batch = 1;
  #seen: Hx711Figures;
  #isClosed = false;
  #listener: (readings: readonly Hx711Reading[]) => void = () => {};

  /** Throws Hx711Error when no source can be opened. */
  constructor(options: Hx711Options) {
    this.#options = options;
    this.#gain = options.gain;
    this.#rate = options.samplesPerSecond;
    this.#converter = this.#open(0);
    this.#seen = this.#converter.figures();
  }

  /** The source in use. */
  get source(): Hx711Source['kind'] {
    return this.#options.sources[this.#at]?.kind ?? 'lines';
  }

  /** One listener. Readings are in order of time; never called after close. */
  onReadings(listener: (readings: readonly Hx711Reading[]) => void): void {
    this.#listener = listener;
  }

  /** The first four conversions after it are thrown away. */
  setGain(gain: Hx711Gain): void {
    this.#gain = gain;
    this.#converter.setGain(gain);
  }

  /** The RATE pin was switched. */
  setRate(samplesPerSecond: Hx711Rate): void {
    this.#rate = samplesPerSecond;
    this.#converter.setRate(samplesPerSecond);
  }

  /** So many samples, 1 to 512, come together; everything else comes at once. */
  setBatch(samples: number): void {
    this.#batch = samples;
    this.#converter.setBatch(samples);
  }

  /** False where the clock line cannot be held: by SPI, and by the kernel's driver. */
  powerDown(): boolean {
    return this.#converter.powerDown();
  }

  powerUp(): void {
    this.#converter.powerUp();
  }

  figures(): Hx711Figures {
    return this.#converter.figures();
  }

  close(): void {
    this.#isClosed = true;
    this.#converter.close();
  }

  /** Opens the first source from this one on, round the list once. */
  #open(from: number): Converter {
    const { sources, board, clock, silentMs } = this.#options;
    const tried: string[] = [];
    for (let step = 0; step < sources.length; step++) {
      const at = (from + step) % sources.length;
      const source = sources[at];
      if (source === undefined) continue;
      const epoch = ++this.#epoch;
      const onResults = (results: readonly RawResult[]) => {
        if (epoch === this.#epoch && !this.#isClosed) this.#take(results);
      };
      const request = { gain: this.#gain, samplesPerSecond: this.#rate, silentMs, onResults };
      try {
        const converter = openSource(source, { board, clock }, request);
        if (converter === null) {
          tried.push(`${source.kind}: The hardware addon is not loaded.`);
          continue;
        }
        if (this.#batch > 1) converter.setBatch(this.#batch);
        this.#at = at;
        return converter;
      } catch (error) {
        tried.push(`${source.kind}: ${error instanceof Error ? error.message : String(error)}.`);
      }
    }
    throw new Hx711Error(tried);
  }

  #take(results: readonly RawResult[]): void {
    const isSilent = results.some(({ kind }) => kind === 'not-ready');
    // What was thrown away is known for all silences that come together, not for each.
    const cause = isSilent ? this.#causeOfSilence() : 'no-conversions';
    const readings = results.map((result) => this.#name(result, cause));
    this.#listener(readings);
    if (!this.#hasSampled && this.#silences >= SILENCES_MAX) this.#goOn();
  }

  #name({ kind, counts, atMs, reason }: RawResult, cause: SilenceCause): Hx711Reading {
    if (kind === 'lost') return { kind, code: reason ?? 'EUNKNOWN', atMs };
    if (kind === 'not-ready') {
      this.#silences += 1;
      return { kind: 'silent', cause, atMs };
    }
    this.#hasSampled = true;
    this.#silences = 0;
    const isEnd = counts === COUNTS_MIN || counts === COUNTS_MAX;
    return { kind: isEnd ? 'saturated' : 'sample', counts, atMs };
  }

  /** By what was thrown away since it was asked last. */
  #causeOfSilence(): SilenceCause {
    const before = this.#seen;
    const now = this.#converter.figures();
    this.#seen = now;
    if (now.unended > before.unended) return 'stuck-low';
    return now.stretched > before.stretched ? 'torn' : 'no-conversions';
  }

  #goOn(): void {
    this.#silences = 0;
    if (this.#options.sources.length < 2 || this.#isClosed) return;
    this.#converter.close();
    try {
      this.#converter = this.#open(this.#at + 1);
      this.#seen = this.#converter.figures();
    } catch (error) {
      if (!(error instanceof Hx711Error)) throw error;
      // The source that was just closed cannot be had any more either.
      this.#listener([{ kind: 'lost', code: 'ENODEV', atMs: this.#options.clock.monoMs() }]);
    }
  }
}

/** Null: the source needs the addon, and there is none. */
function openSource(
  source: Hx711Source,
  { board, clock }: Pick<Hx711Options, 'board' | 'clock'>,
  request: Parameters<typeof openNative>[2],
): Converter | null {
  if (source.kind === 'iio') return new IioConverter(source, clock, request);
  return board === null ? null : openNative(board, source, request);
}
