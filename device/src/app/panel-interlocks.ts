import type { Interlock, Interlocks } from '../feeding/interlocks.ts';
import type { Panel } from '../hardware/parts/open-panel.ts';

/** The interlocks that the switches and the supply of a panel make. Takes over their listeners. */
export class PanelInterlocks implements Interlocks {
  readonly #panel: Pick<Panel, 'lid' | 'bowl' | 'power'>;
  readonly #listeners = new Set<() => void>();

  constructor(panel: Pick<Panel, 'lid' | 'bowl' | 'power'>) {
    this.#panel = panel;
    const tell = () => {
      for (const listener of this.#listeners) listener();
    };
    panel.lid?.onChange(tell);
    panel.bowl?.onChange(tell);
    panel.power.onChange(tell);
  }

  active(): readonly Interlock[] {
    const { lid, bowl, power } = this.#panel;
    const { isFailing, isUndervoltage } = power.reading();
    // Null is a switch that babbles or lost its line: it proves nothing.
    return [
      ...(isFailing ? (['power_failing'] as const) : []),
      ...(lid?.state().isClosed === false ? (['lid_open'] as const) : []),
      ...(bowl?.state().isClosed === false ? (['bowl_missing'] as const) : []),
      ...(isUndervoltage ? (['undervoltage'] as const) : []),
    ];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
