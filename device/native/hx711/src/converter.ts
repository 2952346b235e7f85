import type { Hx711Figures, Hx711Gain, Hx711Rate } from './readings.ts';

/** A result as a source gives it, before it is named. */
export interface RawResult {
  readonly kind: 'sample' | 'not-ready' | 'lost';
  readonly counts: number;
  readonly atMs: number;
  readonly reason: string | null;
}

/** An open source. After `close` it says nothing. */
export interface Converter {
  setGain(gain: Hx711Gain): void;
  setRate(samplesPerSecond: Hx711Rate): void;
  setBatch(samples: number): void;
  /** False: it cannot be powered down here. */
  powerDown(): boolean;
  powerUp(): void;
  figures(): Hx711Figures;
  close(): void;
}

/** How a source is opened. */
export interface ConverterRequest {
  readonly gain: Hx711Gain;
  readonly samplesPerSecond: Hx711Rate;
  readonly silentMs: number;
  readonly onResults: (results: readonly RawResult[]) => void;
}
