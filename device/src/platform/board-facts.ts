import type { Part } from './part.ts';

/** A family of boards that are wired and set up alike. */
export type BoardFamily = 'pi3' | 'zero2w' | 'pi4' | 'pi5' | 'other';

/** Who has a serial port already. */
export interface SerialPortFacts {
  /** As it is named in a wiring, `/dev/serial0`. */
  readonly path: string;
  /** The device behind it, `/dev/ttyAMA0`; the path itself when it is no link. */
  readonly device: string;
  readonly takenBy: 'console' | 'bluetooth' | null;
}

/** What is known of the board that this program runs on; nothing of what is wired to it. */
export interface BoardFacts {
  /** `Raspberry Pi 4 Model B Rev 1.5`; `unknown` elsewhere. */
  readonly model: string;
  readonly family: BoardFamily;
  readonly kernel: string;
  readonly is64Bit: boolean;
  /** The chip of the header's pins; null when it was not found. */
  readonly headerChip: { readonly path: string; readonly label: string } | null;
  /** Every GPIO chip by its label. */
  readonly chips: readonly { readonly path: string; readonly label: string }[];
  readonly i2cBuses: readonly number[];
  /** `0.0` for `/dev/spidev0.0`. */
  readonly spiDevices: readonly string[];
  readonly serialPorts: readonly SerialPortFacts[];
  /** The header's PWM, by its path in sysfs; null without the overlay. */
  readonly pwmChip: string | null;
  /** The pins to which config.txt leads the PWM; null where it cannot be read or says nothing of it. */
  readonly pwmPins: readonly number[] | null;
  /** Names of the hardware monitors, `ina219`, `rpi_volt`. */
  readonly monitors: readonly string[];
  readonly leds: readonly string[];
  readonly clocks: readonly string[];
  /** IIO converters by their names, `hx711`. */
  readonly converters: readonly string[];
}

/** The board under the program. */
export interface Board extends Part {
  /** Read anew at each call. Never throws. */
  facts(): BoardFacts;
}
