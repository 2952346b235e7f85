/** Gain of channel A (128, 64) or B (32). */
export type Hx711Gain = 128 | 64 | 32;
/** The setting of the RATE pin. */
export type Hx711Rate = 10 | 80;

/** Ends of the converter's range: its input is saturated. */
export const COUNTS_MIN = -8_388_608;
export const COUNTS_MAX = 8_388_607;

/** How the converter is wired. */
export type Hx711Source =
  /** MOSI to PD_SCK, MISO to DOUT: the bus times the pulses. The bus must have no other part. */
  | { readonly kind: 'spi'; readonly path: string; readonly speedHz?: number }
  /** Two lines of a GPIO chip, by a native thread. */
  | {
      readonly kind: 'lines';
      readonly chip: string;
      readonly dataLine: number;
      readonly clockLine: number;
    }
  /** The kernel's own driver, by its files below `root` (`/` on a device). `order`: which of several. */
  | { readonly kind: 'iio'; readonly root?: string; readonly order?: number };

/** Why nothing comes. */
export type SilenceCause =
  /** DOUT never falls: no power, or no cable. */
  | 'no-conversions'
  /** DOUT stays low: a short, or the clock does not reach the chip. */
  | 'stuck-low'
  /** All readings were torn by a busy machine. */
  | 'torn';

/** What comes from the converter. Times are monotonic, in milliseconds. */
export type Hx711Reading =
  | { readonly kind: 'sample'; readonly counts: number; readonly atMs: number }
  /** `counts` is one of the two ends. */
  | { readonly kind: 'saturated'; readonly counts: number; readonly atMs: number }
  /** Told again and again while it lasts. */
  | { readonly kind: 'silent'; readonly cause: SilenceCause; readonly atMs: number }
  /** Lines, bus or files are gone; nothing comes after it. `code` is the errno's name. */
  | { readonly kind: 'lost'; readonly code: string; readonly atMs: number };

/** What became of the conversions so far. */
export interface Hx711Figures {
  readonly samples: number;
  /** Thrown away: after power-up, a reset or a change of gain. */
  readonly settling: number;
  /** Thrown away: a clock pulse was high for over 50 us. */
  readonly stretched: number;
  /** Thrown away: the chip had not ended its word. */
  readonly unended: number;
  /** Longest clock pulse in us; 0 where nobody can know. */
  readonly worstHighUs: number;
  /** Mean time of one reading in us; 0 where nobody can know. */
  readonly meanReadUs: number;
}

/** The time of the machine; the feeder's SystemClock fits. */
export interface Hx711Clock {
  monoMs(): number;
  after(name: string, delayMs: number, fire: () => void): () => void;
}

/** No source could be opened. `tried` says why, one sentence for each. */
export class Hx711Error extends Error {
  readonly tried: readonly string[];

  constructor(tried: readonly string[]) {
    super(`No HX711 can be reached: ${tried.join(' ') || 'no source is named.'}`);
    this.name = 'Hx711Error';
    this.tried = tried;
  }
}

/** A reading that was waited for is none. */
export class Hx711ReadingError extends Error {
  readonly reading: Exclude<Hx711Reading, { kind: 'sample' }>;

  constructor(reading: Exclude<Hx711Reading, { kind: 'sample' }>) {
    super(sentenceOf(reading));
    this.name = 'Hx711ReadingError';
    this.reading = reading;
  }
}

function sentenceOf(reading: Exclude<Hx711Reading, { kind: 'sample' }>): string {
  if (reading.kind === 'silent') return `The converter is silent (${reading.cause}).`;
  if (reading.kind === 'lost') return `The converter is gone (${reading.code}).`;
  return `The converter is at an end of ${COUNTS_MIN} to ${COUNTS_MAX}.`;
}
