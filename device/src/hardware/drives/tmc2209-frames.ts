/** The registers that the drive uses (TMC2209 datasheet, chapter 5). */
export const registers = {
  GCONF: 0x00,
  GSTAT: 0x01,
  IFCNT: 0x02,
  IOIN: 0x06,
  IHOLD_IRUN: 0x10,
  TCOOLTHRS: 0x14,
  VACTUAL: 0x22,
  SGTHRS: 0x40,
  SG_RESULT: 0x41,
  CHOPCONF: 0x6c,
  DRV_STATUS: 0x6f,
} as const;

export type Register = (typeof registers)[keyof typeof registers];

const SYNC = 0x05;
/** Replies are addressed to the master. */
const MASTER = 0xff;
/** Register numbers have 7 bits; the eighth says that the register is written. */
const WRITE = 0x80;
export const REPLY_BYTES = 8;

/** CRC-8 with polynomial 0x07 over all but the last byte, each byte lowest bit first. */
export function tmcCrc(frame: Uint8Array): number {
  let crc = 0;
  for (const byte of frame.subarray(0, frame.length - 1)) {
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = ((crc >> 7) ^ (byte >> bit)) & 1;
      crc = isOdd ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
    }
  }
  return crc;
}

function sealed(...bytes: number[]): Uint8Array {
  const frame = Uint8Array.of(...bytes, 0);
  frame[frame.length - 1] = tmcCrc(frame);
  return frame;
}

const word = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

/** Writes 32 bits to a register of the chip at this address (0 to 3). */
export function writeFrame(address: number, register: Register, value: number): Uint8Array {
  return sealed(SYNC, address, register | WRITE, ...word(value));
}

/** Asks for a register. */
export function readRequest(address: number, register: Register): Uint8Array {
  return sealed(SYNC, address, register);
}

/** What the chip answers. */
export function replyFrame(register: number, value: number): Uint8Array {
  return sealed(SYNC, MASTER, register, ...word(value));
}

/**
 * The first sound reply for this register among the bytes, wherever it begins. The echo of our own
 * bytes on the one wire is no reply: it is addressed to a chip.
 */
export function findReply(bytes: Uint8Array, register: Register): number | null {
  for (let at = 0; at + REPLY_BYTES <= bytes.length; at++) {
    const frame = bytes.subarray(at, at + REPLY_BYTES);
    if (frame[0] !== SYNC || frame[1] !== MASTER || frame[2] !== register) continue;
    if (frame[7] !== tmcCrc(frame)) continue;
    return new DataView(frame.buffer, frame.byteOffset).getUint32(3);
  }
  return null;
}

/** Velocity of one unit of VACTUAL with the internal clock of 12 MHz, in microsteps per second. */
export const VACTUAL_UNIT = 12e6 / 2 ** 24;
/** VACTUAL has 24 bits with sign. */
export const VACTUAL_MAX = 2 ** 23 - 1;

/** The register's value for a velocity in microsteps per second; negative turns backwards. */
export function vactualOf(microstepsPerSecond: number): number {
  const units = Math.round(microstepsPerSecond / VACTUAL_UNIT);
  return Math.max(-VACTUAL_MAX, Math.min(VACTUAL_MAX, units)) & 0xff_ffff;
}

/** Holding and running current in 1/32 of the module's full scale (1 to 32), and the ramp between. */
export function iholdIrun(hold32: number, run32: number): number {
  return (hold32 - 1) | ((run32 - 1) << 8) | (1 << 16);
}

/** The chip's pin takes the serial line, steps come by register, and the input is filtered. */
export const GCONF_UART = (1 << 6) | (1 << 7) | (1 << 8);
/** Reset values with interpolation to 256 steps; the microsteps go into bits 24 to 27. */
const CHOPCONF_BASE = 0x1000_0053;

export type Microsteps = 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128 | 256;

export function chopconf(microsteps: Microsteps): number {
  return (CHOPCONF_BASE | ((8 - Math.log2(microsteps)) << 24)) >>> 0;
}

/** Bits of GSTAT that forbid to turn, and what they say, as sentences for people. */
const events: readonly (readonly [bit: number, why: string])[] = [
  [1, 'The stepper driver lost its power for a moment.'],
  [2, 'The stepper driver switched itself off: it was too hot, or saw a short circuit.'],
  [4, 'The motor supply of the stepper driver is too weak.'],
];
/** Writing these to GSTAT forgets what it said. */
export const GSTAT_ALL = 0b111;

/** What is wrong with the chip by GSTAT and DRV_STATUS, the more exact first; null: nothing. */
export function driverTrouble(gstat: number, drvStatus: number): string | null {
  if (drvStatus & 0b10) return 'The stepper driver is too hot and has switched itself off.';
  if (drvStatus & 0b11_1100)
    return 'The stepper driver sees a short circuit in the motor or its wires.';
  return events.find(([bit]) => gstat & bit)?.[1] ?? null;
}

/** Bits of IOIN. */
export const IOIN_ENN = 1;
/** The version that a TMC2209 gives in the highest byte of IOIN. */
export const TMC2209_VERSION = 0x21;
