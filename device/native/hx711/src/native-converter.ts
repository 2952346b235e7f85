import type { BoardIo, Hx711Request } from '@cat-feeder/board-io';
import type { Converter, ConverterRequest } from './converter.ts';
import type { Hx711Source } from './readings.ts';

/** Right for every Pi: a pulse of 1 us, a word in 56 us. */
const SPI_HZ = 1_000_000;
const CONSUMER = 'cat-feeder hx711';

/** The converter by SPI or by two lines. Throws a BoardIoError when they cannot be had. */
export function openNative(
  board: BoardIo,
  source: Exclude<Hx711Source, { kind: 'iio' }>,
  request: ConverterRequest,
): Converter {
  const wired: Hx711Request['source'] =
    source.kind === 'spi'
      ? { kind: 'spi', path: source.path, speedHz: source.speedHz ?? SPI_HZ }
      : { ...source, consumer: CONSUMER };
  const { gain, samplesPerSecond, silentMs, onResults } = request;
  const native = board.openHx711(
    { source: wired, gain, samplesPerSecond, notReadyMs: silentMs },
    onResults,
  );
  return {
    setGain: (wanted) => native.setGain(wanted),
    setRate: (rate) => native.setRate(rate),
    setBatch: (samples) => native.setBatch(samples),
    powerDown: () => native.powerDown(),
    powerUp: () => native.powerUp(),
    figures: () => native.tally(),
    close: () => native.close(),
  };
}
