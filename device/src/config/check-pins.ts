import type { BoardFacts } from '../platform/board-facts.ts';
import { pwmLine } from './boot-config.ts';
import { headerPort, isHeaderPort } from './header-port.ts';
import type { PartClaims, PinClaim } from './wiring-claims.ts';
import type { WiringProblem } from './wiring-problem.ts';

/** The header carries BCM 0 to 27; 0 and 1 belong to the memory chip of add-on boards. */
const HEADER_PIN_MAX = 27;
const HAT_PINS: readonly number[] = [0, 1];
/** Channels of the header's PWM by pin. */
export const pwmChannels: Readonly<Record<number, number>> = { 12: 0, 18: 0, 13: 1, 19: 1 };
/** The same on a Pi 5, where each pin has a channel of its own. */
export const pi5PwmChannels: Readonly<Record<number, number>> = { 12: 0, 13: 1, 18: 2, 19: 3 };

/** Pins that a bus has, and how somebody else may have them. */
interface BusPins {
  readonly bus: string;
  readonly pins: readonly number[];
  readonly wayOut: string;
}

interface Held {
  readonly claim: PinClaim;
  readonly owner: PartClaims;
}

/** Pins that no board has, that are claimed twice, or that belong to a bus of the wiring itself. */
export function checkPinsAnywhere(claims: readonly PartClaims[]): readonly WiringProblem[] {
  const held = heldBy(claims);
  const buses = wantedBuses(claims);
  return [...held.flatMap((one) => pinProblem(one, buses)), ...twice(held)];
}

/** Pins that this board does not give: to a bus that is switched on, or without their PWM. */
export function checkPins(
  claims: readonly PartClaims[],
  board: BoardFacts,
): readonly WiringProblem[] {
  const held = heldBy(claims);
  const buses = idleBuses(claims, board);
  const pwmPins = held.flatMap(({ claim }) =>
    claim.needs === 'pwm' && claim.pin in pwmChannels ? [claim.pin] : [],
  );
  return [
    ...held.flatMap((one) => busProblem(one, buses)),
    ...held.flatMap((one) => pwmProblem(one, { pwmPins, board })),
    ...(board.family === 'pi5' ? [] : sharedChannels(held)),
  ];
}

function heldBy(claims: readonly PartClaims[]): readonly Held[] {
  return claims.flatMap((owner) => owner.pins.map((claim) => ({ claim, owner })));
}

function pinProblem(one: Held, buses: readonly BusPins[]): WiringProblem[] {
  const { pin, needs } = one.claim;
  const { label } = one.owner;
  const path = pathOf(one);
  if (pin > HEADER_PIN_MAX) {
    const message = `BCM ${pin} of ${label} is not on the header, which has BCM 2 to 27; count BCM numbers, not the places on the header.`;
    return [{ path, message }];
  }
  if (HAT_PINS.includes(pin)) {
    const message = `BCM ${pin} of ${label} is reserved for the memory chip of add-on boards; use another pin.`;
    return [{ path, message }];
  }
  if (needs === 'pwm' && !(pin in pwmChannels)) {
    const message = `BCM ${pin} of ${label} has no PWM; use BCM 12, 13, 18 or 19.`;
    return [{ path, message }];
  }
  return busProblem(one, buses);
}

function busProblem(one: Held, buses: readonly BusPins[]): WiringProblem[] {
  const { pin, needs } = one.claim;
  const found = needs === 'spi' ? undefined : buses.find(({ pins }) => pins.includes(pin));
  if (found === undefined) return [];
  const message = `BCM ${pin} of ${one.owner.label} carries ${found.bus}${found.wayOut}.`;
  return [{ path: pathOf(one), message }];
}

const pathOf = ({ claim, owner }: Held) => `parts.${owner.index}.${claim.field}`;

function pwmProblem(
  one: Held,
  on: {
    /** All pins of the wiring that want a PWM: one line of config.txt is for all of them. */
    readonly pwmPins: readonly number[];
    readonly board: BoardFacts;
  },
): WiringProblem[] {
  const { pwmPins, board } = on;
  const { pin } = one.claim;
  if (one.claim.needs !== 'pwm' || !pwmPins.includes(pin)) return [];
  const { label } = one.owner;
  const path = pathOf(one);
  const line = pwmLine(pwmPins);
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

const I2C = { bus: 'the I2C bus 1', pins: [2, 3] };
const SPI = { bus: 'the SPI bus 0', pins: [7, 8, 9, 10, 11] };
const UART = { bus: 'the serial port', pins: [14, 15] };

const wantsI2c = ({ i2c }: PartClaims) => i2c?.bus === 1;
const wantsSpi = ({ spiDevice }: PartClaims) => spiDevice !== null;
/** By the names that mean the header on every board. */
const wantsUart = ({ port }: PartClaims) => port !== null && isHeaderPort(port, 'pi5');

/** Pins of the buses that the wiring itself needs. */
function wantedBuses(claims: readonly PartClaims[]): readonly BusPins[] {
  const wishes = [
    { of: I2C, wants: wantsI2c },
    { of: SPI, wants: wantsSpi },
    { of: UART, wants: wantsUart },
  ];
  return wishes.flatMap(({ of, wants }) => {
    const owner = claims.find(wants);
    if (owner === undefined) return [];
    return [{ ...of, wayOut: `, which ${owner.label} needs; use another pin` }];
  });
}

/** Pins of the buses that are on although the wiring has no use for them. */
function idleBuses(claims: readonly PartClaims[], board: BoardFacts): readonly BusPins[] {
  const uartLine = board.family === 'pi5' ? 'dtparam=uart0=off' : 'enable_uart=0';
  const port = headerPort(board.family);
  const on = [
    {
      of: I2C,
      isIdle: board.i2cBuses.includes(1) && !claims.some(wantsI2c),
      line: 'dtparam=i2c_arm=off',
    },
    {
      of: SPI,
      isIdle: board.spiDevices.some((device) => device.startsWith('0.')) && !claims.some(wantsSpi),
      line: 'dtparam=spi=off',
    },
    {
      of: UART,
      isIdle: board.serialPorts.some(({ path }) => path === port) && !claims.some(wantsUart),
      line: uartLine,
    },
  ];
  return on.flatMap(({ of, isIdle, line }) =>
    isIdle
      ? [{ ...of, wayOut: `; use another pin, or switch it off with ${line} in config.txt` }]
      : [],
  );
}
