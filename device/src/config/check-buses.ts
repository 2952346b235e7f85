import type { ErrorDetail } from '@cat-feeder/shared';
import type { BoardFacts } from '../platform/board-facts.ts';
import type { PartClaims } from './wiring-claims.ts';
import type { WiredPart, Wiring } from './wiring-schema.ts';

/** Buses, serial ports and kernel drivers that a wiring needs and this board does not have. */
export function checkBuses(
  claims: readonly PartClaims[],
  { parts }: Wiring,
  board: BoardFacts,
): readonly ErrorDetail[] {
  return [
    ...claims.flatMap((owner) => busProblems(owner, board)),
    ...sharedAddresses(claims),
    ...claims.flatMap((owner) => portProblems(owner, board)),
    ...sharedPorts(claims, board),
    ...parts.flatMap((part, index) => needProblem(part, index, board)),
  ];
}

function busProblems(
  { i2c, spiDevice, label, index }: PartClaims,
  board: BoardFacts,
): ErrorDetail[] {
  const path = `parts.${index}`;
  const problems: ErrorDetail[] = [];
  if (i2c !== null && !board.i2cBuses.includes(i2c.bus)) {
    const line = i2c.bus === 1 ? 'dtparam=i2c_arm=on' : `the overlay of I2C bus ${i2c.bus}`;
    const message = `${label} needs I2C bus ${i2c.bus}, which is switched off: add ${line} to config.txt and reboot.`;
    problems.push({ path, message });
  }
  if (spiDevice !== null && !board.spiDevices.includes(spiDevice)) {
    const message = `${label} needs SPI (/dev/spidev${spiDevice}), which is switched off: add dtparam=spi=on to config.txt and reboot.`;
    problems.push({ path, message });
  }
  return problems;
}

function sharedAddresses(claims: readonly PartClaims[]): ErrorDetail[] {
  return claims.flatMap(({ i2c, label, index }, at) => {
    const other = claims
      .slice(0, at)
      .find((before) => before.i2c?.bus === i2c?.bus && before.i2c?.address === i2c?.address);
    if (i2c === null || other === undefined) return [];
    const address = `0x${i2c.address.toString(16)}`;
    const message = `${other.label} and ${label} have the same address ${address} on I2C bus ${i2c.bus}; put one on another bus or address.`;
    return [{ path: `parts.${index}`, message }];
  });
}

function portProblems({ port, label, index }: PartClaims, board: BoardFacts): ErrorDetail[] {
  if (port === null) return [];
  const path = `parts.${index}.port`;
  const facts = board.serialPorts.find((candidate) => candidate.path === port);
  if (facts === undefined) return [{ path, message: absentPort(port, label, board) }];
  if (facts.takenBy === 'console') {
    const message = `${port} of ${label} is taken by the text console: remove console=serial0,115200 from cmdline.txt and reboot.`;
    return [{ path, message }];
  }
  if (facts.takenBy === 'bluetooth') {
    const message = `${port} of ${label} is taken by Bluetooth: add dtoverlay=disable-bt to config.txt and reboot.`;
    return [{ path, message }];
  }
  return [];
}

function absentPort(port: string, label: string, board: BoardFacts): string {
  if (!/^\/dev\/(serial0|ttyAMA|ttyS)/.test(port)) {
    return `${port} of ${label} is not there: plug it in, or name the port that ls /dev/serial/by-id shows.`;
  }
  const line = board.family === 'pi5' ? 'dtparam=uart0=on' : 'enable_uart=1';
  return `${port} of ${label} is switched off: add ${line} to config.txt and reboot.`;
}

function sharedPorts(claims: readonly PartClaims[], board: BoardFacts): ErrorDetail[] {
  const deviceOf = (port: string | null) =>
    board.serialPorts.find(({ path }) => path === port)?.device ?? port;
  return claims.flatMap(({ port, label, index }, at) => {
    if (port === null) return [];
    const other = claims.slice(0, at).find((before) => deviceOf(before.port) === deviceOf(port));
    if (other === undefined) return [];
    const message = `${other.label} and ${label} are on the same serial port ${port}; each needs its own.`;
    return [{ path: `parts.${index}.port`, message }];
  });
}

/** What a part needs of the machine besides pins and buses, and the sentence when it is not there. */
type Need = (part: WiredPart, board: BoardFacts) => string | null;

const toConfig = (what: string, line: string) => `${what}: add ${line} to config.txt and reboot.`;

/** By part: drivers of the kernel that read it, and programs that drive it. */
const needs: Partial<Record<WiredPart['part'], Need>> = {
  current_meter: (part, board) => {
    if (part.part !== 'current_meter' || board.monitors.includes(part.chip)) return null;
    const line = `dtoverlay=i2c-sensor,${part.chip},addr=0x${part.address.toString(16)}`;
    return toConfig(`The kernel does not know the ${part.chip} of the motor`, line);
  },
  kernel_light: (part, board) => {
    if (part.part !== 'kernel_light' || board.leds.includes(part.name)) return null;
    const line = `dtoverlay=gpio-led,gpio=${part.pin ?? 17},label=${part.name}`;
    return toConfig(`The kernel does not know a light called ${part.name}`, line);
  },
  real_time_clock: (_, board) => {
    if (board.clocks.length > 0) return null;
    return toConfig('The kernel does not know the real-time clock', 'dtoverlay=i2c-rtc,ds3231');
  },
  hx711: (part, board) => {
    const isThere =
      part.part !== 'hx711' || part.way !== 'iio' || board.converters.includes('hx711');
    return isThere ? null : 'This kernel has no driver for the hx711; use way spi or lines.';
  },
  step_dir: (part, board) => pigpioNeed(part, board),
  servo_gate: (part, board) => pigpioNeed(part, board),
};

function pigpioNeed({ part }: WiredPart, board: BoardFacts): string | null {
  if (board.family !== 'pi5') return null;
  return `${part} needs pigpio, which does not run on a Pi 5; use tmc2209, dc_motor or coprocessor.`;
}

function needProblem(part: WiredPart, index: number, board: BoardFacts): ErrorDetail[] {
  const message = needs[part.part]?.(part, board) ?? null;
  return message === null ? [] : [{ path: `parts.${index}`, message }];
}
