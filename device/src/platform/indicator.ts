import type { Part } from './part.ts';

/** What the light is to say. */
export type IndicatorMeaning = 'off' | 'ready' | 'feeding' | 'low_food' | 'pairing' | 'fault';

/** The light at the front. It goes on showing the last meaning until it is told another one. */
export interface Indicator extends Part {
  show(meaning: IndicatorMeaning): void;
}
