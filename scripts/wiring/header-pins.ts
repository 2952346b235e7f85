/** What stands on each of the forty pins of a Raspberry Pi, from pin 1: a supply, or a BCM number. */
const places: readonly (number | '3V3' | '5V' | 'GND')[] = [
  '3V3',
  '5V',
  2,
  '5V',
  3,
  'GND',
  4,
  14,
  'GND',
  15,
  17,
  18,
  27,
  'GND',
  22,
  23,
  '3V3',
  24,
  10,
  'GND',
  9,
  25,
  11,
  8,
  'GND',
  7,
  0,
  1,
  5,
  'GND',
  6,
  12,
  13,
  'GND',
  19,
  16,
  26,
  20,
  'GND',
  21,
];

/** One pin of the header. */
export interface HeaderPin {
  /** 1 to 40: odd numbers on the side of the board, even ones on its edge. */
  readonly place: number;
  readonly bcm: number | null;
  /** `BCM 23`, `GND`. */
  readonly name: string;
}

export const headerPins: readonly HeaderPin[] = places.map((what, at) => ({
  place: at + 1,
  bcm: typeof what === 'number' ? what : null,
  name: typeof what === 'number' ? `BCM ${what}` : what,
}));

/** Deals out the pins of a supply in turn, so that no two wires share one where it can be helped. */
export class SupplyPins {
  readonly #next = new Map<string, number>();

  take(name: '3V3' | '5V' | 'GND'): HeaderPin {
    const pins = headerPins.filter((pin) => pin.name === name);
    const at = this.#next.get(name) ?? 0;
    this.#next.set(name, at + 1);
    const pin = pins[at % pins.length];
    if (pin === undefined) throw new TypeError(`The header has no ${name}.`);
    return pin;
  }
}

/** The pin with this BCM number. */
export function pinOfBcm(bcm: number): HeaderPin {
  const pin = headerPins.find((candidate) => candidate.bcm === bcm);
  if (pin === undefined) throw new TypeError(`BCM ${bcm} is not on the header.`);
  return pin;
}
