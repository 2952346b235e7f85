import type { BoardFacts } from '../platform/board-facts.ts';
import { pwmLine } from './boot-config.ts';
import { headerPort } from './header-port.ts';
import type { PartClaims, PinClaim } from './wiring-claims.ts';
import type { WiringProblem } from './wiring-problem.ts';

/** The header carries BCM 0 to 27; 0 and 1 belong to the memory chip of add-on boards. */
const HEADER_PIN_MAX = 27;
const HAT_PINS: readonly number[] = [0, 1];
/** Channels of the header's PWM by pin. */
export const pwmChannels: Readonly<Record<number, number>> = { 12: 0, 18: 0, 13: 1, 19: 1 };
/** The same on a Pi 5, where each pin has a channel of its own. */
export const pi5PwmChannels: Readonly<Record<number, number>> = { 12: 0, 13: 1, 18: 2, 19: 3 };

/** Pins that a bus has while it is switched on, and what switches it off. */
interface BusPins {
  readonly bus: string;
  readonly pins: readonly number[];
  readonly line: string;
}

interface Held {
  readonly claim: PinClaim;
  readonly owner: PartClaims;
}

/** Pins that do not exist, are claimed twice, or belong to a bus of this board. */
export function checkPins(
  claims: readonly PartClaims[],
  board: BoardFacts,
): readonly WiringProblem[] {
  const held: Held[] = claims.flatMap((owner) => owner.pins.map((claim) => ({ claim, owner })));
  const busPins = busesOf(claims, board);
  const pwmPins = held.flatMap(({ claim }) => (claim.needs === 'pwm' ? [claim.pin] : []));
  return [
    ...held.flatMap(({ claim, owner }) => onePin(claim, owner, { busPins, pwmPins, board })),
    ...twice(held),
    ...(board.family === 'pi5' ? [] : sharedChannels(held)),
  ];
}

function onePin(
  claim: PinClaim,
  owner: PartClaims,
  on: {
    readonly busPins: readonly BusPins[];
    readonly pwmPins: readonly number[];
    readonly board: BoardFacts;
  },
): WiringProblem[] {
  const { pin, field, needs } = claim;
  const path = `parts.${owner.index}.${field}`;
  if (pin > HEADER_PIN_MAX) {
    const message = `BCM ${pin} of ${owner.label} is not on the header, which has BCM 2 to 27; count BCM numbers, not the places on the header.`;
    return [{ path, message }];
  }
  if (HAT_PINS.includes(pin)) {
    const message = `BCM ${pin} of ${owner.label} is reserved for the memory chip of add-on boards; use another pin.`;
    return [{ path, message }];
  }
  const bus = on.busPins.find(({ pins }) => pins.includes(pin));
  if (bus !== undefined && needs !== 'spi') {
    const message = `BCM ${pin} of ${owner.label} carries ${bus.bus}; use another pin, or switch it off with ${bus.line} in config.txt.`;
    return [{ path, message }];
  }
  return needs === 'pwm' ? pwmProblem(claim, path, { ...on, label: owner.label }) : [];
}

function pwmProblem(
  { pin }: PinClaim,
  path: string,
  on: {
    readonly label: string;
    /** All pins of the wiring that want a PWM: one line of config.txt is for all of them. */
    readonly pwmPins: readonly number[];
    readonly board: BoardFacts;
  },
): WiringProblem[] {
  const { label, board } = on;
  if (!(pin in pwmChannels)) {
    const message = `BCM ${pin} of ${label} has no PWM; use BCM 12, 13, 18 or 19.`;
    return [{ path, message }];
  }
  const line = pwmLine(on.pwmPins.filter((other) => other in pwmChannels));
  if (board.pwmChip === null) {
    const message = `The PWM for BCM ${pin} of ${label} is switched off: add ${line} to config.txt and reboot.`;
    return [{ path, message, isAbsence: true }];
  }
  // An overlay that was loaded in another way stands in no file: then the chip alone tells.
  if (board.pwmPins === null || board.pwmPins.includes(pin)) return [];
  const where = board.pwmPins.length === 0 ? 'to no pin' : `to BCM ${board.pwmPins.join(' and ')}`;
  const message = `config.txt leads the PWM ${where}, but ${label} has it at BCM ${pin}: write ${line} there instead and reboot.`;
  return [{ path, message, isAbsence: true }];
}

function twice(held: readonly Held[]): WiringProblem[] {
  return held.flatMap(({ claim, owner }, at) => {
    const before = held.slice(0, at).find((other) => other.claim.pin === claim.pin);
    if (before === undefined) return [];
    const path = `parts.${owner.index}.${claim.field}`;
    const message = `BCM ${claim.pin} is wired to two things: ${before.owner.label} (${before.claim.signal}) and ${owner.label} (${claim.signal}); move one of them.`;
    return [{ path, message }];
  });
}

function sharedChannels(held: readonly Held[]): WiringProblem[] {
  const pwm = held.filter(({ claim }) => claim.needs === 'pwm');
  return pwm.flatMap(({ claim, owner }, at) => {
    const channel = pwmChannels[claim.pin];
    const other = pwm
      .slice(0, at)
      .find(
        (before) => before.claim.pin !== claim.pin && pwmChannels[before.claim.pin] === channel,
      );
    if (channel === undefined || other === undefined) return [];
    const path = `parts.${owner.index}.${claim.field}`;
    const message = `BCM ${other.claim.pin} and BCM ${claim.pin} are the same PWM channel; move ${owner.label} to BCM ${channel === 0 ? '13 or 19' : '12 or 18'}.`;
    return [{ path, message }];
  });
}

/** Pins of the buses that are on, or that this wiring needs. */
function busesOf(claims: readonly PartClaims[], board: BoardFacts): readonly BusPins[] {
  const buses: BusPins[] = [];
  const wantsI2c = claims.some(({ i2c }) => i2c?.bus === 1);
  if (wantsI2c || board.i2cBuses.includes(1)) {
    buses.push({ bus: 'the I2C bus 1', pins: [2, 3], line: 'dtparam=i2c_arm=off' });
  }
  const hasSpi = board.spiDevices.some((device) => device.startsWith('0.'));
  if (hasSpi || claims.some(({ spiDevice }) => spiDevice !== null)) {
    buses.push({ bus: 'the SPI bus 0', pins: [7, 8, 9, 10, 11], line: 'dtparam=spi=off' });
  }
  if (board.serialPorts.some(({ path }) => path === headerPort(board.family))) {
    const line = board.family === 'pi5' ? 'dtparam=uart0=off' : 'enable_uart=0';
    buses.push({ bus: 'the serial port', pins: [14, 15], line });
  }
  return buses;
}
