import type { ErrorDetail } from '@cat-feeder/shared';
import { isCell, isDrive, type WiredPart, type Wiring } from './wiring-schema.ts';

/** What does not fit between a wiring and its board. */
export interface WiringProblem extends ErrorDetail {
  /**
   * The wiring is sound, but something that the part needs is not there now: switched off or not
   * plugged in. A feeder can do without such a part unless it feeds with it.
   */
  readonly isAbsence?: true;
  /** What is absent is plugged in, not switched on: it may come at any time, and needs no restart. */
  readonly isPluggable?: true;
}

/** Without these nothing can be fed by weight: the motor and the scale under the bowl. */
export function isNeededToFeed(part: WiredPart): boolean {
  return isDrive(part) || (isCell(part) && part.under === 'bowl');
}

/** The part that a problem is about; undefined: the board or the list of parts itself. */
export function partOf({ path }: WiringProblem, { parts }: Wiring): WiredPart | undefined {
  const index = /^parts\.(\d+)/.exec(path)?.[1];
  return index === undefined ? undefined : parts[Number(index)];
}

/**
 * Splits problems into those that forbid a start, and parts without which the daemon runs: those that
 * feeding does not need, and those that may still be plugged in. Until a motor is, meals are refused.
 */
export function sortProblems(problems: readonly WiringProblem[], wiring: Wiring) {
  const forbidding: WiringProblem[] = [];
  const absent: { readonly part: WiredPart; readonly problem: WiringProblem }[] = [];
  for (const problem of problems) {
    const part = partOf(problem, wiring);
    const mayBeMissing = (its: WiredPart) => problem.isPluggable === true || !isNeededToFeed(its);
    const isBearable = problem.isAbsence === true && part !== undefined && mayBeMissing(part);
    if (isBearable) absent.push({ part, problem });
    else forbidding.push(problem);
  }
  return { forbidding, absent };
}
