import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { SimChip } from './sim-chip.ts';

/*
 * What the tests inside the machine share. Its kernel has 100 ticks a second and one processor, so
 * whatever is awaited gets some slack; a level is never expected earlier than it was promised.
 */

/** Two ticks, and what Node needs to come round. */
export const SLACK_MS = 25;
const FIGURES = '/exchange/figures.json';

export const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Lets time pass, and a little more. */
export const pass = (ms: number) => wait(ms + SLACK_MS);

/** The test's own limit bounds it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await wait(1);
}

/** A chip for one test. */
export function chipForTest(label?: string): SimChip {
  const chip = new SimChip(label);
  onTestFinished(() => chip.end());
  return chip;
}

/** Figures for whoever started the machine. */
export function report(name: string, figures: unknown): void {
  const before = existsSync(FIGURES) ? (JSON.parse(readFileSync(FIGURES, 'utf8')) as object) : {};
  writeFileSync(FIGURES, JSON.stringify({ ...before, [name]: figures }));
}

/** Median and worst, rounded to hundredths. */
export function spread(samples: readonly number[]) {
  const sorted = samples.toSorted((a, b) => a - b);
  const round = (value = Number.NaN) => Math.round(value * 100) / 100;
  return {
    count: sorted.length,
    median: round(sorted[Math.floor(sorted.length / 2)]),
    max: round(sorted.at(-1)),
  };
}
