import type { BoardFacts } from '../platform/board-facts.ts';
import { i2cLine, overlayLine, SPI_LINE, uartLines } from './boot-lines.ts';
import { isHeaderPort, portOn } from './header-port.ts';
import type { PartClaims } from './wiring-claims.ts';
import type { WiringProblem } from './wiring-problem.ts';
import type { WiredPart, Wiring } from './wiring-schema.ts';

/** Two parts at one address of a bus, or on one serial port, whatever the board. */
export function checkBusesAnywhere(claims: readonly PartClaims[]): readonly WiringProblem[] {
  return [...sharedAddresses(claims), ...sharedPorts(claims, (port) => port)];
}

/** Buses, serial ports and kernel drivers that a wiring needs and this board does not have. */
export function checkBuses(
  claims: readonly PartClaims[],
  { parts }: Wiring,
  board: BoardFacts,
): readonly WiringProblem[] {
  return [
    ...claims.flatMap((owner) => busProblems(owner, board)),
    ...claims.flatMap((owner) => portProblems(owner, board)),
    ...sharedDevices(claims, board),
    ...parts.flatMap((part, index) => needProblem(part, index, board)),
  ];
}

function busProblems(
  { i2c, spiDevice, label, index }: PartClaims,
  board: BoardFacts,
): WiringProblem[] {
  const path = `parts.${index}`;
  const problems: WiringProblem[] = [];
  if (i2c !== null && !board.i2cBuses.includes(i2c.bus)) {
    const line = i2cLine(i2c.bus) ?? `the overlay of I2C bus ${i2c.bus}`;
    const message = `${label} needs I2C bus ${i2c.bus}, which is switched off: add ${line} to config.txt and reboot.`;
    problems.push({ path, message, isAbsence: true });
  }
  if (spiDevice !== null && !board.spiDevices.includes(spiDevice)) {
    const message = `${label} needs SPI (/dev/spidev${spiDevice}), which is switched off: add ${SPI_LINE} to config.txt and reboot.`;
    problems.push({ path, message, isAbsence: true });
  }
  return problems;
}

function sharedAddresses(claims: readonly PartClaims[]): WiringProblem[] {
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

function portProblems(claim: PartClaims, board: BoardFacts): WiringProblem[] {
  const { label, index } = claim;
  if (claim.port === null) return [];
  const path = `parts.${index}.port`;
  const port = portOn(claim.port, board.family);
  const facts = board.serialPorts.find((candidate) => candidate.path === port);
  if (facts === undefined) {
    return [{ path, ...absentPort(port, label, board), isAbsence: true }];
  }
  if (facts.takenBy === 'console') {
    const message = `${port} of ${label} is taken by the text console: remove console=serial0,115200 from cmdline.txt and reboot.`;
    return [{ path, message, isAbsence: true }];
  }
  if (facts.takenBy === 'bluetooth') {
    const message = `${port} of ${label} is taken by Bluetooth: add dtoverlay=disable-bt to config.txt and reboot.`;
    return [{ path, message, isAbsence: true }];
  }
  return [];
}

function absentPort(
  port: string,
  label: string,
  { family }: BoardFacts,
): Pick<WiringProblem, 'message' | 'isPluggable'> {
  if (!isHeaderPort(port, family) && !/^\/dev\/(ttyAMA|ttyS)/.test(port)) {
    const message = `${port} of ${label} is not there: plug it in, or name the port that ls /dev/serial/by-id shows.`;
    return { message, isPluggable: true };
  }
  return {
    message: `${port} of ${label} is switched off: add ${uartLines(family)[0]} to config.txt and reboot.`,
  };
}

/** Two names of one device. */
function sharedDevices(claims: readonly PartClaims[], board: BoardFacts): WiringProblem[] {
  const deviceOf = (port: string) => {
    const here = portOn(port, board.family);
    return board.serialPorts.find(({ path }) => path === here)?.device ?? here;
  };
  // One name twice is told already, without the board.
  const names = new Set<string>();
  const once = claims.filter(({ port }) => {
    const isNew = port !== null && !names.has(port);
    if (isNew) names.add(port);
    return isNew;
  });
  return sharedPorts(once, deviceOf);
}

function sharedPorts(
  claims: readonly PartClaims[],
  deviceOf: (port: string) => string,
): WiringProblem[] {
  return claims.flatMap(({ port, label, index }, at) => {
    if (port === null) return [];
    const other = claims
      .slice(0, at)
      .find((before) => before.port !== null && deviceOf(before.port) === deviceOf(port));
    if (other === undefined) return [];
    const message = `${other.label} and ${label} are on the same serial port ${port}; each needs its own.`;
    return [{ path: `parts.${index}.port`, message }];
  });
}

/** What a part needs of the machine besides pins and buses, and the sentence when it is not there. */
type Need = (part: WiredPart, board: BoardFacts) => string | null;

const toConfig = (what: string, part: WiredPart) =>
  `${what}: add ${overlayLine(part)} to config.txt and reboot.`;

/** By part: drivers of the kernel that read it. */
const drivers: Partial<Record<WiredPart['part'], Need>> = {
  current_meter: (part, board) => {
    if (part.part !== 'current_meter' || board.monitors.includes(part.chip)) return null;
    return toConfig(`The kernel does not know the ${part.chip} of the motor`, part);
  },
  kernel_light: (part, board) => {
    if (part.part !== 'kernel_light' || board.leds.includes(part.name)) return null;
    return toConfig(`The kernel does not know a light called ${part.name}`, part);
  },
  real_time_clock: (part, board) => {
    if (board.clocks.length > 0) return null;
    return toConfig('The kernel does not know the real-time clock', part);
  },
  hx711: (part, board) => {
    const isThere =
      part.part !== 'hx711' || part.way !== 'iio' || board.converters.includes('hx711');
    return isThere ? null : 'This kernel has no driver for the hx711; use way spi or lines.';
  },
};

function needProblem(part: WiredPart, index: number, board: BoardFacts): WiringProblem[] {
  const path = `parts.${index}`;
  const isByPwm = part.part === 'servo_gate' && part.way === 'pwm';
  if ('pigpiod' in part && !isByPwm && board.family === 'pi5') {
    const instead = part.part === 'servo_gate' ? 'way pwm' : 'tmc2209, dc_motor or coprocessor';
    const message = `${part.part} needs pigpio, which does not run on a Pi 5; use ${instead}.`;
    return [{ path, message }];
  }
  const message = drivers[part.part]?.(part, board) ?? null;
  return message === null ? [] : [{ path, message, isAbsence: true }];
}
