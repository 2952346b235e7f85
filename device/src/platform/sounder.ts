import type { Part } from './part.ts';

/** What the buzzer is to say. */
export type SounderMeaning = 'ready' | 'low_food' | 'pairing' | 'fault';

/** The buzzer. Every sound ends by itself within two seconds. */
export interface Sounder extends Part {
  /** Begins the sound; one that still sounds is cut short. */
  play(meaning: SounderMeaning): void;
  /** Silence now. */
  hush(): void;
}
