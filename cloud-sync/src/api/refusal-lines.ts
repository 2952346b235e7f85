import type { Milliseconds, SyncRefusal } from '@cat-feeder/shared';
import type { CloudLog } from './deps.ts';

/** One line for each route and refusal in this time, with how many there were since the last one. */
const STEP_MS = 60_000;

/** What an attack looks like, too; the others are part of the protocol. */
const told: ReadonlySet<SyncRefusal> = new Set([
  'bad_token',
  'bad_request',
  'too_large',
  'rate_limited',
  'not_found',
  'revoked',
]);

/** Tells the operator what is refused, without a word of what was sent. */
export class RefusalLines {
  readonly #log: CloudLog;
  readonly #nowMs: () => Milliseconds;
  /** As many as there are routes and refusals. */
  readonly #counted = new Map<string, { sinceMs: Milliseconds; times: number }>();

  constructor(parts: { readonly log: CloudLog; readonly nowMs: () => Milliseconds }) {
    this.#log = parts.log;
    this.#nowMs = parts.nowMs;
  }

  note(route: string, answer: SyncRefusal, sender: string): void {
    if (!told.has(answer)) return;
    const name = `${route} ${answer}`;
    const nowMs = this.#nowMs();
    const known = this.#counted.get(name);
    if (known !== undefined && nowMs - known.sinceMs < STEP_MS) {
      known.times += 1;
      return;
    }
    const times = 1 + (known?.times ?? 0);
    this.#counted.set(name, { sinceMs: nowMs, times: 0 });
    this.#log.info({ route, answer, times, sender }, 'Requests are refused.');
  }
}
