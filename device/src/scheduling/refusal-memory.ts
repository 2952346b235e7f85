import { MINUTE_MS, type Milliseconds, type RefusalRule, SECOND_MS } from '@cat-feeder/shared';
import type { RefusedAttempt } from './due-occurrences.ts';

/** After a refusal: soon for what passes by itself, then rarer, so that nothing is hammered. */
const RETRY_MS_MIN: Milliseconds = 30 * SECOND_MS;
const RETRY_MS_MAX: Milliseconds = 5 * MINUTE_MS;
/** More pending refusals than this cannot be: the oldest is forgotten and becomes a plain miss. */
const REMEMBERED_MAX = 256;

/** Refused attempts that wait for their next try. Lost with the program: then they start anew. */
export class RefusalMemory {
  readonly #attempts = new Map<string, RefusedAttempt & { readonly count: number }>();

  get all(): ReadonlyMap<string, RefusedAttempt> {
    return this.#attempts;
  }

  note(id: string, refusal: { rule: RefusalRule; why: string }, ageMs: Milliseconds): void {
    const count = (this.#attempts.get(id)?.count ?? 0) + 1;
    this.#attempts.delete(id);
    if (this.#attempts.size >= REMEMBERED_MAX) {
      const oldest = this.#attempts.keys().next().value;
      if (oldest !== undefined) this.#attempts.delete(oldest);
    }
    const { rule, why } = refusal;
    this.#attempts.set(id, { rule, why, count, retryAtAgeMs: ageMs + retryMs(rule, count) });
  }

  forget(id: string): void {
    this.#attempts.delete(id);
  }
}

function retryMs(rule: RefusalRule, count: number): Milliseconds {
  if (rule === 'busy' || rule === 'recovering' || rule === 'min_gap') return RETRY_MS_MIN;
  return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(count - 1, 10));
}
