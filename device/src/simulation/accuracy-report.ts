import type { Grams } from '@cat-feeder/shared';
import type { Fed } from './accuracy-feeder.ts';
import { countWords, mean, quantile } from './statistics.ts';

/** The last line of `sim:accuracy --json`. Errors are absolute; `biasGrams` keeps the sign. */
export interface AccuracyReport {
  readonly profile: string;
  readonly kibbleGrams: Grams;
  readonly feedings: number;
  readonly seed: number;
  readonly portionGrams: Grams | null;
  readonly errorGrams: { readonly p50: Grams; readonly p95: Grams; readonly max: Grams };
  readonly intervalCoverage: number;
  readonly intervalWidthGrams: { readonly p50: Grams; readonly p95: Grams };
  readonly biasGrams: Grams;
  readonly overshootGrams: { readonly p99: Grams; readonly max: Grams };
  /** Feedings of which more than the portion and two pieces fell, and those whose interval denies it. */
  readonly overTwoKibbles: { readonly feedings: number; readonly silent: number };
  /** Feedings that are called served although less than half of the portion fell. */
  readonly falselyServed: number;
  readonly recordGapGrams: { readonly p95: Grams };
  readonly secondsPerFeeding: { readonly p50: number; readonly p95: number };
  readonly verdicts: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly rivals: {
    readonly openLoop: { readonly p95: Grams };
    readonly burst10g: { readonly p95: Grams };
  };
  /** P95 error of each rival as a multiple of the feeder's own. */
  readonly ratios: { readonly openLoop: number; readonly burst10g: number };
}

/** Sums up a run of feedings and its rivals. */
export function reportOf(run: {
  readonly profile: string;
  readonly kibbleGrams: Grams;
  readonly seed: number;
  readonly portionGrams: Grams | null;
  readonly fed: readonly Fed[];
  readonly openLoopErrors: readonly Grams[];
  readonly burstErrors: readonly Grams[];
}): AccuracyReport {
  const errors = run.fed.map(({ trueGrams, portionGrams }) => trueGrams - portionGrams);
  const absolute = errors.map(Math.abs);
  const overshoots = errors.map((error) => Math.max(0, error));
  const doses = run.fed.map(({ outcome }) => outcome.dose);
  const widths = doses.map(({ lowGrams, highGrams }) => highGrams - lowGrams);
  const covered = run.fed.filter(
    ({ trueGrams, outcome: { dose } }) =>
      trueGrams >= dose.lowGrams - 1e-9 && trueGrams <= dose.highGrams + 1e-9,
  );
  const over = run.fed.filter(
    ({ trueGrams, portionGrams }) => trueGrams > portionGrams + 2 * run.kibbleGrams,
  );
  const gaps = run.fed.map(({ trueGrams, outcome }) =>
    Math.abs(outcome.dose.likelyGrams - trueGrams),
  );
  const seconds = run.fed.map((fed) => fed.seconds);
  const p95 = quantile(absolute, 0.95);
  const openLoop = { p95: round(quantile(run.openLoopErrors.map(Math.abs), 0.95)) };
  const burst10g = { p95: round(quantile(run.burstErrors.map(Math.abs), 0.95)) };
  return {
    profile: run.profile,
    kibbleGrams: run.kibbleGrams,
    feedings: run.fed.length,
    seed: run.seed,
    portionGrams: run.portionGrams,
    errorGrams: {
      p50: round(quantile(absolute, 0.5)),
      p95: round(p95),
      max: round(quantile(absolute, 1)),
    },
    intervalCoverage: run.fed.length === 0 ? 0 : round(covered.length / run.fed.length),
    intervalWidthGrams: { p50: round(quantile(widths, 0.5)), p95: round(quantile(widths, 0.95)) },
    biasGrams: round(mean(errors)),
    overshootGrams: { p99: round(quantile(overshoots, 0.99)), max: round(quantile(overshoots, 1)) },
    overTwoKibbles: {
      feedings: over.length,
      silent: over.filter(({ trueGrams, outcome }) => trueGrams > outcome.dose.highGrams).length,
    },
    falselyServed: run.fed.filter(
      ({ trueGrams, portionGrams, outcome: { result } }) =>
        result === 'served' && trueGrams < portionGrams / 2,
    ).length,
    recordGapGrams: { p95: round(quantile(gaps, 0.95)) },
    secondsPerFeeding: { p50: round(quantile(seconds, 0.5)), p95: round(quantile(seconds, 0.95)) },
    verdicts: countWords(run.fed.map(({ outcome }) => outcome.result)),
    faults: countWords(
      run.fed.flatMap(({ outcome }) => (outcome.fault === null ? [] : [outcome.fault])),
    ),
    rivals: { openLoop, burst10g },
    ratios: {
      openLoop: round(openLoop.p95 / Math.max(0.001, p95)),
      burst10g: round(burst10g.p95 / Math.max(0.001, p95)),
    },
  };
}

/** The same for people. */
export function tableOf(report: AccuracyReport): string {
  const { errorGrams, rivals, ratios, verdicts, faults, overTwoKibbles } = report;
  const portion = report.portionGrams === null ? '3 to 60 g' : `${report.portionGrams} g`;
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([word, count]) => `${word} ${count}`)
      .join(', ') || 'none';
  const rows: readonly (readonly [string, string])[] = [
    ['profile', `${report.profile}, pieces of ${report.kibbleGrams} g`],
    ['feedings', `${report.feedings} of ${portion}, seed ${report.seed}`],
    ['error', `P50 ${errorGrams.p50} g, P95 ${errorGrams.p95} g, max ${errorGrams.max} g`],
    ['bias', `${report.biasGrams} g`],
    ['overshoot', `P99 ${report.overshootGrams.p99} g, max ${report.overshootGrams.max} g`],
    [
      'over 2 pieces',
      `${overTwoKibbles.feedings} feedings, ${overTwoKibbles.silent} of them unnoticed; called served in vain ${report.falselyServed}`,
    ],
    ['truth in interval', `${(100 * report.intervalCoverage).toFixed(1)} %`],
    [
      'interval width',
      `P50 ${report.intervalWidthGrams.p50} g, P95 ${report.intervalWidthGrams.p95} g`,
    ],
    ['record gap', `P95 ${report.recordGapGrams.p95} g`],
    ['seconds', `P50 ${report.secondsPerFeeding.p50}, P95 ${report.secondsPerFeeding.p95}`],
    ['results', list(verdicts)],
    ['faults', list(faults)],
    ['open loop', `P95 ${rivals.openLoop.p95} g, ${ratios.openLoop} times as much`],
    ['10 g bursts', `P95 ${rivals.burst10g.p95} g, ${ratios.burst10g} times as much`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(18)} ${value}`).join('\n');
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
