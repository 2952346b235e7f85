import type { BoardIo } from '@cat-feeder/board-io';
import type { Hx711Source } from 'hx711';
import { SPI0_MISO, SPI0_MOSI } from '../../config/wiring-claims.ts';
import type { CellWiring } from '../../config/wiring-schema.ts';
import type { Chance } from '../../platform/back-off.ts';
import type { Clock } from '../../platform/clock.ts';
import type { CellSource } from '../../weighing/cell-source.ts';
import { Hx711Cell } from '../cells/hx711-cell.ts';
import { Nau7802Cell } from '../cells/nau7802-cell.ts';
import type { I2cBus } from '../io/i2c-bus.ts';
import type { LineSource } from '../io/lines.ts';

/** What the converters of load cells hang on. */
export interface CellDoors {
  readonly board: BoardIo;
  readonly chip: string;
  readonly lines: LineSource;
  readonly busOf: (number: number) => I2cBus;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Opens a load cell. One that cannot be reached is a state of it, and is tried again. */
export function openCell(wiring: CellWiring, doors: CellDoors): CellSource {
  const { clock, chance } = doors;
  const name = wiring.under;
  if (wiring.part === 'nau7802') {
    return new Nau7802Cell({ name, bus: doors.busOf(wiring.bus), clock, chance });
  }
  const { ratePin, samplesPerSecond } = wiring;
  const rate =
    ratePin === null
      ? ({ kind: 'fixed', samplesPerSecond } as const)
      : ({
          kind: 'switched',
          line: doors.lines.output({ pin: ratePin, activeLow: false }),
        } as const);
  const sources = sourcesOf(wiring, doors.chip);
  return new Hx711Cell({ name, board: doors.board, sources, gain: 128, rate, clock, chance });
}

/**
 * The ways to an HX711, the wired one first. Over SPI its two wires end at pins that can be driven as
 * lines, too; and wherever the kernel has a driver loaded for it, its files are the last resort.
 */
function sourcesOf(
  { way, spiDevice, dataPin, clockPin }: Extract<CellWiring, { part: 'hx711' }>,
  chip: string,
): Hx711Source[] {
  const files: Hx711Source = { kind: 'iio' };
  const lines = (dataLine: number, clockLine: number): Hx711Source => {
    return { kind: 'lines', chip, dataLine, clockLine };
  };
  if (way === 'iio') return [files];
  // The check of the wiring has seen both pins, or asked for them.
  if (way === 'lines' && dataPin !== null && clockPin !== null) {
    return [lines(dataPin, clockPin), files];
  }
  const spi: Hx711Source = { kind: 'spi', path: `/dev/spidev${spiDevice}` };
  return [spi, lines(SPI0_MISO, SPI0_MOSI), files];
}
