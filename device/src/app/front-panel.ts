import { MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { HopperLevel } from '../dispensing/hopper-gauge.ts';
import type { Interlocks } from '../feeding/interlocks.ts';
import type { Panel } from '../hardware/parts/open-panel.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { PressPattern } from '../platform/front-button.ts';
import type { IndicatorMeaning } from '../platform/indicator.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { Part } from '../platform/part.ts';
import type { Service, ServiceCondition } from './runtime-manager.ts';

/** How often the gauge looks into the hopper. */
const LOOK_EVERY_MS: Milliseconds = 10 * MINUTE_MS;

/** From here on a Raspberry Pi slows itself down. Meals are served all the same. */
const WARM_CELSIUS = 80;

export interface FrontPanelParts {
  readonly panel: Panel;
  readonly clock: Clock;
  readonly live: LiveEvents;
  readonly hasFault: () => boolean;
  readonly isFeeding: () => boolean;
  /** What the gauge has just seen. */
  readonly onHopper: (level: HopperLevel) => void;
  readonly interlocks: Interlocks;
  readonly onPress: (pattern: PressPattern) => void;
}

/**
 * What people see and touch at the front: the light and the buzzer say how the feeder is, and the
 * button's patterns are handed on. It follows what happens; nothing that feeds depends on it.
 */
export class FrontPanel implements Service {
  readonly #parts: FrontPanelParts;
  #isLow = false;
  #shown: IndicatorMeaning = 'off';
  #unsubscribes: (() => void)[] = [];
  #cancelLook: Cancel = () => {};

  constructor(parts: FrontPanelParts) {
    this.#parts = parts;
  }

  start(): void {
    const { panel, live, interlocks, onPress } = this.#parts;
    panel.button?.onPattern(onPress);
    this.#unsubscribes = [
      interlocks.onChange(() => this.#show()),
      live.subscribe(({ name }) => {
        if (name === 'faults' || name === 'feeding') this.#show();
      }),
    ];
    this.#show();
    this.#look();
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe();
    this.#cancelLook();
    this.#parts.panel.close();
  }

  condition(): ServiceCondition {
    const { panel } = this.#parts;
    // The pet reader speaks for itself.
    const { button, lid, bowl, indicator, sounder, hopperGauge, power } = panel;
    const all: readonly (Part | null)[] = [
      button,
      lid,
      bowl,
      indicator,
      sounder,
      hopperGauge,
      power,
    ];
    const unwell = all.flatMap((part) => {
      const health = part?.health();
      return health === undefined || health.state === 'ok' ? [] : [health.why];
    });
    const missing = panel.missing.map(({ part, why }) => `${part}: ${why}`);
    const whys = [...missing, ...unwell, ...this.#tooWarm()];
    return whys.length === 0 ? { state: 'ok' } : { state: 'degraded', why: whys.join(' ') };
  }

  #tooWarm(): string[] {
    return this.#parts.panel.thermometer
      .read()
      .filter(({ celsius }) => celsius >= WARM_CELSIUS)
      .map(({ zone, celsius }) => `${zone} is at ${Math.round(celsius)} °C: give the board air.`);
  }

  #meaning(): IndicatorMeaning {
    const { panel, hasFault, isFeeding } = this.#parts;
    const { isUndervoltage, isFailing } = panel.power.reading();
    if (hasFault() || isUndervoltage || isFailing) return 'fault';
    if (isFeeding()) return 'feeding';
    return this.#isLow ? 'low_food' : 'ready';
  }

  #show(): void {
    const meaning = this.#meaning();
    if (meaning === this.#shown) return;
    const { indicator, sounder } = this.#parts.panel;
    this.#shown = meaning;
    indicator?.show(meaning);
    // Once for each occasion: nobody wants a feeder that beeps at night about an old fault.
    if (meaning === 'fault' || meaning === 'low_food') sounder?.play(meaning);
  }

  #look(): void {
    const { panel, clock, onHopper } = this.#parts;
    const { hopperGauge } = panel;
    if (hopperGauge === null) return;
    this.#cancelLook = clock.after('hopper gauge', LOOK_EVERY_MS, () => this.#look());
    // Never rejects; a look that saw nothing leaves what was known.
    void hopperGauge.look().then((level) => {
      if (level === null) return;
      this.#isLow = level.isLow;
      onHopper(level);
      this.#show();
    });
  }
}
