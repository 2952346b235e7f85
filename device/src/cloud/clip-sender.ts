import type { Milliseconds, RandomBytes } from '@cat-feeder/shared';
import { REQUEST_TIMEOUT_MS } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type {
  ClipConditions,
  ClipInput,
  ClipOutput,
  ClipQueue,
  ClipSendState,
} from '../sync/clip-io.ts';
import { initialClipSending, stepClips } from '../sync/clip-sending.ts';
import { digestClip } from './clip-digest.ts';
import type { CloudHttp } from './cloud-http.ts';
import { Gate, sendPart } from './send-part.ts';

/** A clock's timer reaches this far. */
const TIMER_MS_MAX: Milliseconds = 3_600_000;
/** After a disk that refused, or a mistake of ours. */
const RESTART_MS: Milliseconds = 300_000;

export interface ClipSenderParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly http: CloudHttp;
  readonly random: RandomBytes;
  readonly queue: ClipQueue;
  readonly conditions: () => ClipConditions;
  /** Path of a clip's video; null: it is not there. */
  readonly path: (clipId: string) => string | null;
  /** Whether addresses without encryption are allowed, on this machine only. */
  readonly isLocal: boolean;
  /** Calls when a condition may have changed; returns the unsubscribe. */
  readonly onChange: (tell: () => void) => () => void;
}

export interface ClipSenderView {
  readonly isSending: boolean;
  /** Why nothing is sent; empty: nothing is wrong. */
  readonly why: string;
}

/**
 * The shell around the core that sends clips: it reads, asks, sends and waits, and decides nothing.
 * Nobody waits for it, and whatever comes from an earlier life of it reaches nobody.
 */
export class ClipSender {
  readonly #parts: ClipSenderParts;
  readonly #gate = new Gate();
  #state: ClipSendState = initialClipSending;
  #work = new AbortController();
  #wake: Cancel | null = null;
  #look: Cancel | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(parts: ClipSenderParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#unsubscribe !== null) return;
    this.#unsubscribe = this.#parts.onChange(() => this.#lookSoon());
    this.#take({ kind: 'look' });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#end();
    this.#wake?.();
    this.#look?.();
    this.#wake = null;
    this.#look = null;
    this.#state = initialClipSending;
  }

  view(): ClipSenderView {
    const { stage, why } = this.#state;
    return { isSending: stage.kind !== 'idle', why };
  }

  /** In a turn of its own: whoever changed something does not wait. */
  #lookSoon(): void {
    this.#look ??= this.#parts.clock.after('clips look', 0, () => {
      this.#look = null;
      this.#take({ kind: 'look' });
    });
  }

  #take(input: ClipInput): void {
    if (this.#unsubscribe === null) return;
    const { queue, conditions, clock, random, logger } = this.#parts;
    const context = { queue, conditions: conditions(), monoMs: clock.monoMs(), random };
    try {
      const { state, outputs } = stepClips(this.#state, input, context);
      this.#state = state;
      for (const output of outputs) this.#perform(output);
    } catch (error) {
      logger.warn({ error }, 'The sending of clips begins anew in five minutes.');
      this.#end();
      this.#state = initialClipSending;
      this.#wakeIn(RESTART_MS);
    }
  }

  #perform(output: ClipOutput): void {
    if (output.kind === 'read') void this.#read(output.clipId);
    else if (output.kind === 'request') void this.#ask(output);
    else if (output.kind === 'send') void this.#send(output);
    else if (output.kind === 'hold') this.#gate.close();
    else if (output.kind === 'go') this.#gate.open();
    else if (output.kind === 'end') this.#end();
    else this.#wakeIn(output.atMonoMs - this.#parts.clock.monoMs());
  }

  #end(): void {
    this.#work.abort();
    this.#work = new AbortController();
    this.#gate.open();
  }

  #wakeIn(delayMs: Milliseconds): void {
    this.#wake?.();
    const boundMs = Math.ceil(Math.min(TIMER_MS_MAX, Math.max(0, delayMs)));
    this.#wake = this.#parts.clock.after('clips', boundMs, () => this.#take({ kind: 'look' }));
  }

  async #read(clipId: string): Promise<void> {
    const { signal } = this.#work;
    const path = this.#parts.path(clipId);
    const digest = path === null ? null : await digestClip(path, signal);
    if (!signal.aborted) this.#take({ kind: 'read', clipId, digest });
  }

  async #ask({ id, path, body }: Extract<ClipOutput, { kind: 'request' }>): Promise<void> {
    const { signal } = this.#work;
    const request = { method: 'POST', path, body, timeoutMs: REQUEST_TIMEOUT_MS } as const;
    const answer = await this.#parts.http
      .send(request, signal)
      .catch(() => ({ status: 0, body: undefined }));
    if (!signal.aborted) this.#take({ kind: 'answer', id, ...answer });
  }

  async #send(piece: Extract<ClipOutput, { kind: 'send' }>): Promise<void> {
    const { signal } = this.#work;
    const { clock, isLocal, path: pathOf } = this.#parts;
    const { clipId, part } = piece;
    const path = pathOf(clipId);
    const context = { clock, gate: this.#gate, signal, isLocal };
    const status = path === null ? 0 : await sendPart({ ...piece, path }, context).catch(() => 0);
    if (!signal.aborted) this.#take({ kind: 'sent', clipId, n: part.n, status });
  }
}
