import {
  type CommandOrder,
  type DocState,
  type EventClass,
  type Milliseconds,
  type RandomBytes,
  type Sha256,
  syncRefusals,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { type Cancel, type Clock, sleep } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { readAnswer } from '../sync/answers.ts';
import { initialLink, step } from '../sync/link.ts';
import type { Bell, CommandWord, LinkInput, LinkOutput, LinkState } from '../sync/link-io.ts';
import type { SyncNow, SyncStore } from '../sync/sync-store.ts';
import type { CloudHttp } from './cloud-http.ts';

/** A clock's timer reaches this far; what is due later is looked at again then. */
const TIMER_MS_MAX: Milliseconds = 3_600_000;
/** After a disk that refused, or a mistake of ours, the link begins anew after this long. */
const RESTART_MS: Milliseconds = 60_000;
const IDLE_YIELD_MS: Milliseconds = 0;
/** After these answers the whole ledger may get other numbers, in one go. */
const rewriting: ReadonlySet<string> = new Set(['/v1/sync/hello', '/v1/sync/fork']);
/** How often it is looked whether a feeding is over. */
const HOLD_MS: Milliseconds = 1_000;

export interface CloudLinkParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: SyncStore;
  readonly http: CloudHttp;
  readonly random: RandomBytes;
  readonly sha256: Sha256;
  readonly now: () => SyncNow;
  readonly boot: string;
  readonly firmware: string;
  readonly validate: (doc: DocState) => string | null;
  readonly present: () => Record<string, unknown>;
  /** Carries out a command through the gate that every feeding passes. Never rejects. */
  readonly execute: (
    commandId: string,
    order: CommandOrder,
    startByMonoMs: Milliseconds,
  ) => Promise<CommandWord>;
  /** How a command's feeding of an earlier life ended; null: none was begun. */
  readonly outcomeOf: (commandId: string) => CommandWord | null;
  /** A motor may turn at this moment. */
  readonly isFeeding: () => boolean;
  /** Calls after each commit of entries; returns the unsubscribe. */
  readonly onAppended: (tell: (cls: EventClass) => void) => () => void;
  /** The doorbell hangs elsewhere from now on, or nowhere. */
  readonly onBell?: (bell: Bell | null) => void;
}

/** How the link stands, for people. */
export interface LinkView {
  readonly state: 'off' | 'resting' | 'connecting' | 'online' | 'local';
  /** Entries that the cloud has not acknowledged. */
  readonly waiting: number;
  /** Seconds since the last request that was answered; null: none since the start. */
  readonly secondsSinceAnswer: number | null;
  /** Why there is no session; empty when there is one. */
  readonly why: string;
  /** Until the next try while there is none; null: nothing is waited for. */
  readonly nextTrySeconds: number | null;
  /** Entries that are under way: so many of this epoch after those acknowledged. */
  readonly sending: { readonly epoch: number; readonly items: number } | null;
  /** The cloud has seen a second copy of this feeder. */
  readonly cloned: boolean;
}

/**
 * The shell around the core of the sync: it sends, waits and tells, and decides nothing. Nothing
 * here is awaited by anybody; whatever fails is counted as a lost answer or begins the link anew.
 *
 * N1 An entry's writer only starts a timer: the link's own work comes in a turn of its own.
 * N2 Answers and timers of an earlier life reach nobody.
 * N3 While a feeding runs, no answer is taken after which the ledger may be rewritten: with the
 *    entries of a year that takes longer than a motor goes on without a word.
 */
export class CloudLink {
  readonly #parts: CloudLinkParts;
  #state: LinkState = initialLink;
  /** Differs for each start. */
  #life = 0;
  #abort = new AbortController();
  #wake: Cancel | null = null;
  #appended: { cls: EventClass; cancel: Cancel } | null = null;
  #unsubscribe: (() => void) | null = null;
  #answeredMonoMs: Milliseconds | null = null;
  /** Commands that are being carried out, whatever becomes of the link meanwhile. */
  readonly #atWork = new Set<string>();
  #why = '';

  constructor(parts: CloudLinkParts) {
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#unsubscribe !== null;
  }

  start(): void {
    if (this.isRunning) return;
    this.#unsubscribe = this.#parts.onAppended((cls) => this.#noteAppended(cls));
    this.#begin();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#endLife();
  }

  /** The doorbell brought something. */
  ring(body: unknown): void {
    if (this.isRunning) this.#take({ kind: 'pushed', body });
  }

  /** The doorbell hears again after it did not. */
  listening(): void {
    if (this.isRunning) this.#take({ kind: 'listening' });
  }

  /** The broker does not let this feeder in. */
  unheard(): void {
    if (this.isRunning) this.#take({ kind: 'unheard' });
  }

  /** Somebody wants the link now: a wait ends early. */
  hurry(): void {
    if (this.isRunning) this.#take({ kind: 'reachable' });
  }

  /** Entries are due or on their way: nothing else may take the line. */
  isBusy(): boolean {
    const { busy, flushAtMs } = this.#state;
    if (busy !== null && busy.request.what !== 'hello' && busy.request.what !== 'down') return true;
    return flushAtMs !== null && flushAtMs <= this.#parts.clock.monoMs();
  }

  view(): LinkView {
    const { phase, busy, retryAtMs, isCloned: cloned } = this.#state;
    const request = busy?.request;
    const isWaiting = phase === 'resting' || phase === 'local';
    const { clock, store } = this.#parts;
    const answered = this.#answeredMonoMs;
    return {
      state: shown[phase],
      waiting: store.segments().reduce((sum, { head, acked }) => sum + head - acked, 0),
      secondsSinceAnswer: answered === null ? null : Math.round((clock.monoMs() - answered) / 1000),
      why: shown[phase] === 'online' ? '' : this.#why,
      nextTrySeconds: isWaiting
        ? Math.max(0, Math.ceil((retryAtMs - clock.monoMs()) / 1000))
        : null,
      sending: request?.what === 'batch' ? { epoch: request.epoch, items: request.items } : null,
      cloned,
    };
  }

  #begin(): void {
    const { boot, firmware } = this.#parts;
    this.#endLife();
    this.#take({ kind: 'started', boot, firmware });
  }

  #endLife(): void {
    this.#life += 1;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#wake?.();
    this.#wake = null;
    this.#appended?.cancel();
    this.#appended = null;
    this.#become(initialLink);
  }

  #become(state: LinkState): void {
    const { bell } = this.#state;
    this.#state = state;
    if (state.bell !== bell) this.#parts.onBell?.(state.bell);
  }

  /** N1. */
  #noteAppended(cls: EventClass): void {
    const known = this.#appended;
    if (known !== null) {
      if (cls < known.cls) known.cls = cls;
      return;
    }
    const cancel = this.#parts.clock.after('sync entry', IDLE_YIELD_MS, () => {
      const noted = this.#appended;
      this.#appended = null;
      if (noted !== null) this.#take({ kind: 'appended', cls: noted.cls });
    });
    this.#appended = { cls, cancel };
  }

  #take(input: LinkInput): void {
    const { store, random, sha256, now, validate, present } = this.#parts;
    const outcomeOf = (id: string) =>
      this.#atWork.has(id) ? 'running' : this.#parts.outcomeOf(id);
    try {
      const context = { store, random, sha256, now: now(), validate, present, outcomeOf };
      const { state, outputs } = step(this.#state, input, context);
      this.#become(state);
      for (const output of outputs) this.#perform(output);
    } catch (error) {
      this.#beginLater(error);
    }
  }

  /** The disk refused, or the core has a mistake: the feeder feeds, and the link tries again. */
  #beginLater(error: unknown): void {
    const { logger, clock } = this.#parts;
    logger.warn({ error }, 'The link to the cloud begins anew in a minute.');
    this.#why = error instanceof Error ? error.message : String(error);
    this.#endLife();
    this.#wake = clock.after('sync restart', RESTART_MS, () => this.#begin());
  }

  #perform(output: LinkOutput): void {
    const life = this.#life;
    if (output.kind === 'request') void this.#send(output, life);
    else if (output.kind === 'wake') this.#wakeAt(output.atMonoMs);
    else void this.#execute(output);
  }

  #wakeAt(atMonoMs: Milliseconds): void {
    const { clock } = this.#parts;
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, atMonoMs - clock.monoMs()));
    this.#wake?.();
    this.#wake = clock.after('sync', Math.ceil(delayMs), () => this.#take({ kind: 'tick' }));
  }

  async #send(
    { id, ...request }: Extract<LinkOutput, { kind: 'request' }>,
    life: number,
  ): Promise<void> {
    const input = await this.#answerTo(id, request);
    if (rewriting.has(request.path)) await this.#untilFed();
    if (life === this.#life) this.#take(input);
  }

  /** N3. A feeding has an end of its own. */
  async #untilFed(): Promise<void> {
    const { clock, isFeeding } = this.#parts;
    const { signal } = this.#abort;
    while (isFeeding() && !signal.aborted) {
      // A life that ends meanwhile has no use for the answer.
      await sleep(clock, 'sync hold', HOLD_MS, signal).catch(() => {});
    }
  }

  async #answerTo(
    id: number,
    request: Omit<Extract<LinkOutput, { kind: 'request' }>, 'id'>,
  ): Promise<LinkInput> {
    const { http, clock } = this.#parts;
    try {
      const answer = await http.send(request, this.#abort.signal);
      this.#answeredMonoMs = clock.monoMs();
      const read = readAnswer(v.unknown(), answer);
      if (read.kind === 'refused') this.#why = syncRefusals[read.refusal].why;
      else if (read.kind === 'noise') this.#why = `something answers with ${answer.status}`;
      return { kind: 'answer', id, ...answer };
    } catch (error) {
      this.#why = reasonOf(error);
      return { kind: 'failed', id };
    }
  }

  /** A link that began anew in between still waits for the word; one that stopped asks the book. */
  async #execute({
    commandId,
    order,
    startByMonoMs,
  }: Extract<LinkOutput, { kind: 'execute' }>): Promise<void> {
    this.#atWork.add(commandId);
    const word = await this.#parts.execute(commandId, order, startByMonoMs);
    this.#atWork.delete(commandId);
    if (this.isRunning) this.#take({ kind: 'executed', commandId, ...word });
  }
}

const shown: Readonly<Record<LinkState['phase'], LinkView['state']>> = {
  stopped: 'off',
  resting: 'resting',
  greeting: 'connecting',
  forking: 'online',
  live: 'online',
  local: 'local',
};

/** The innermost reason: the ones around it only say that a request failed. */
function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}
