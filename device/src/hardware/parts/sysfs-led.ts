import type { Indicator, IndicatorMeaning } from '../../platform/indicator.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { lightPatterns } from './light-patterns.ts';

/**
 * A light that the kernel owns (`dtoverlay=gpio-led`): it goes on blinking by the kernel's timer
 * when this program hangs, and costs no wake-up.
 */
export class SysfsLed implements Indicator {
  readonly #tree: SysfsTree;
  readonly #name: string;
  #meaning: IndicatorMeaning | null = null;
  #isClosed = false;
  #health: PartHealth = healthy;

  constructor(parts: { readonly tree: SysfsTree; readonly name: string }) {
    this.#tree = parts.tree;
    this.#name = parts.name;
  }

  show(meaning: IndicatorMeaning): void {
    // A light that failed is tried again at each call, also with the same meaning.
    const isShown = meaning === this.#meaning && this.#health.state === 'ok';
    if (this.#isClosed || isShown) return;
    this.#meaning = meaning;
    this.#set(meaning);
  }

  selfTest(): Promise<PartCheck> {
    if (this.#meaning === null) this.show('off');
    else this.#set(this.#meaning);
    const fix = `Add dtoverlay=gpio-led,gpio=17,label=${this.#name} with the light's pin to config.txt, and reboot.`;
    return Promise.resolve(checkOf(this.#health, `the light ${this.#name} takes orders`, fix));
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    if (this.#isClosed) return;
    this.show('off');
    this.#isClosed = true;
  }

  #set(meaning: IndicatorMeaning): void {
    const { onMs, offMs } = lightPatterns[meaning];
    const isSteady = onMs === 0 || offMs === 0;
    const orders: readonly (readonly [string, string])[] = isSteady
      ? [
          ['trigger', 'none'],
          ['brightness', onMs === 0 ? '0' : '1'],
        ]
      : [
          ['trigger', 'timer'],
          ['delay_on', String(onMs)],
          ['delay_off', String(offMs)],
        ];
    this.#health = healthy;
    for (const [file, value] of orders) {
      const problem = this.#tree.write(`sys/class/leds/${this.#name}/${file}`, value);
      if (problem === null) continue;
      const state = problem === 'ENOENT' ? 'unplugged' : 'silent';
      const why = `The light ${this.#name} does not take orders (${file}: ${problem}).`;
      this.#health = { state, why };
      return;
    }
  }
}
