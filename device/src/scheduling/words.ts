import {
  type EpochMs,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  roundGrams,
} from '@cat-feeder/shared';
import { localTimeOf } from './local-time.ts';

/** A duration for people: `6 h 40 min`, `12 min`, `under a minute`. */
export function duration(ms: Milliseconds): string {
  const minutes = Math.floor(Math.abs(ms) / MINUTE_MS);
  if (minutes === 0) return 'under a minute';
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

/** Hours for people, one decimal: `10 h`, `9.5 h`. */
export function hours(ms: Milliseconds): string {
  return `${Math.round((ms / HOUR_MS) * 10) / 10} h`;
}

/** Grams for people: `20 g`. */
export function grams(value: number): string {
  return `${roundGrams(value)} g`;
}

/** The local time of an instant. */
export function clockTime(zone: string, wallMs: EpochMs): string {
  return localTimeOf(zone, wallMs);
}
