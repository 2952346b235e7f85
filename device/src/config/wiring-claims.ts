import type { WiredPart } from './wiring-schema.ts';

/** One pin that a part needs for itself. */
export interface PinClaim {
  readonly pin: number;
  /** The name in the profile, `enablePin`. */
  readonly field: string;
  /** What stands on the part's own board, `ENABLE`. */
  readonly signal: string;
  readonly needs: 'line' | 'pwm' | 'spi';
}

/** What one part takes of the board. */
export interface PartClaims {
  readonly part: WiredPart['part'];
  /** Which of the parts, for people: `dc_motor`, `hx711 (bowl)`. */
  readonly label: string;
  /** Place in the list of parts. */
  readonly index: number;
  readonly pins: readonly PinClaim[];
  readonly i2c: { readonly bus: number; readonly address: number } | null;
  readonly spiDevice: string | null;
  readonly port: string | null;
}

/** Fixed addresses: of the NAU7802, the VL53L0X and the DS3231. */
const i2cAddresses: Partial<Record<WiredPart['part'], number>> = {
  nau7802: 0x2a,
  hopper_gauge: 0x29,
  real_time_clock: 0x68,
};
/** MOSI and MISO of SPI 0, which the HX711 hangs on. */
export const SPI0_MISO = 9;
export const SPI0_MOSI = 10;

/** What stands at the part's end of the wire. */
const signals: Readonly<Record<string, string>> = {
  enablePin: 'ENABLE',
  directionPin: 'DIR',
  pwmPin: 'PWM',
  faultPin: 'nFAULT',
  edgePin: 'INDEX',
  stepPin: 'STEP',
  forwardPin: 'IN1',
  reversePin: 'IN2',
  dataPin: 'DOUT',
  clockPin: 'PD_SCK',
  ratePin: 'RATE',
  powerPin: 'POWER',
  pin: 'SIGNAL',
};

/** The claims of every part, in the order of the profile. */
export function claimsOf(parts: readonly WiredPart[]): readonly PartClaims[] {
  return parts.map((part, index) => ({
    part: part.part,
    label: labelOf(part),
    index,
    pins: pinsOf(part),
    i2c: i2cOf(part),
    spiDevice: part.part === 'hx711' && part.way === 'spi' ? part.spiDevice : null,
    port: 'port' in part ? part.port : null,
  }));
}

function labelOf(part: WiredPart): string {
  return 'under' in part ? `${part.part} (${part.under})` : part.part;
}

function pinsOf(part: WiredPart): PinClaim[] {
  if (part.part === 'hx711') return hx711Pins(part);
  // The pin of a kernel light belongs to its overlay; it is named only for the drawing.
  return Object.entries(part).flatMap(([field, value]) => {
    const signal = signals[field];
    if (signal === undefined || typeof value !== 'number') return [];
    const isPwm =
      field === 'pwmPin' ||
      (part.part === 'buzzer' && part.tone === 'pwm') ||
      (part.part === 'servo_gate' && part.way === 'pwm' && field === 'pin');
    return [{ pin: value, field, signal, needs: isPwm ? ('pwm' as const) : ('line' as const) }];
  });
}

function hx711Pins(part: Extract<WiredPart, { part: 'hx711' }>): PinClaim[] {
  const rate: PinClaim[] =
    part.ratePin === null
      ? []
      : [{ pin: part.ratePin, field: 'ratePin', signal: 'RATE', needs: 'line' }];
  if (part.way === 'iio') return rate;
  if (part.way === 'spi') {
    return [
      { pin: SPI0_MISO, field: 'spiDevice', signal: 'DOUT', needs: 'spi' },
      { pin: SPI0_MOSI, field: 'spiDevice', signal: 'PD_SCK', needs: 'spi' },
      ...rate,
    ];
  }
  const lines = (['dataPin', 'clockPin'] as const).flatMap((field) => {
    const pin = part[field];
    return pin === null
      ? []
      : [{ pin, field, signal: signals[field] ?? '', needs: 'line' as const }];
  });
  return [...lines, ...rate];
}

function i2cOf(part: WiredPart): PartClaims['i2c'] {
  if (part.part === 'current_meter') return { bus: part.bus, address: part.address };
  const address = i2cAddresses[part.part];
  return address === undefined || !('bus' in part) ? null : { bus: part.bus, address };
}
