import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import type { Temperature, Thermometer } from '../../platform/thermometer.ts';

const FOLDER = 'sys/class/thermal';
/** From here on a Pi slows itself down. */
export const THROTTLE_CELSIUS = 80;
const CELSIUS_MIN = -40;
const CELSIUS_MAX = 125;

/** The kernel's thermal zones. */
export class SysfsThermometer implements Thermometer {
  readonly #tree: SysfsTree;
  #health: PartHealth = healthy;

  constructor(parts: { readonly tree: SysfsTree }) {
    this.#tree = parts.tree;
  }

  read(): readonly Temperature[] {
    const temperatures: Temperature[] = [];
    this.#health = healthy;
    for (const entry of this.#tree.list(FOLDER)) {
      if (!entry.startsWith('thermal_zone')) continue;
      const milli = this.#tree.readNumber(`${FOLDER}/${entry}/temp`);
      if (milli === null) continue;
      const zone = this.#tree.read(`${FOLDER}/${entry}/type`) ?? entry;
      const celsius = milli / 1000;
      if (celsius < CELSIUS_MIN || celsius > CELSIUS_MAX) {
        const why = `The thermometer ${zone} reads ${celsius} °C.`;
        this.#health = { state: 'implausible', why };
      } else temperatures.push({ zone, celsius });
    }
    if (temperatures.length === 0 && this.#health.state === 'ok') {
      this.#health = { state: 'unplugged', why: 'This board shows no temperature.' };
    }
    return temperatures;
  }

  selfTest(): Promise<PartCheck> {
    const temperatures = this.read();
    const found = temperatures.map(({ zone, celsius }) => `${zone} ${celsius.toFixed(1)} °C`);
    const hot = temperatures.find(({ celsius }) => celsius >= THROTTLE_CELSIUS);
    if (hot !== undefined) {
      const fix = 'Give the board air, or a heat sink.';
      return Promise.resolve({ ok: false, found: `${found.join(', ')}: it slows down`, fix });
    }
    return Promise.resolve(checkOf(this.#health, found.join(', '), 'Nothing needs it; ignore it.'));
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    // Nothing is held open between two reads.
  }
}
