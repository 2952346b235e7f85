import { HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { ReaderCounts } from '../../pets/pet-reader.ts';
import { healthy, type PartHealth } from '../../platform/part.ts';
import { FrameScanner } from '../io/frame-scanner.ts';
import type { FrameFormat, FrameTag } from './frame-format.ts';

/** So many bytes of noise without one frame: the reader babbles. */
export const BABBLE_BYTES = 256;
/** The same tag for so long, with no pause of 5 s: a chip that lies there, or a reader that hangs. */
export const STUCK_MS: Milliseconds = HOUR_MS;
const PAUSE_MS: Milliseconds = 5000;

const SILENT = 'The reader does not answer: check its power, and that RX and TX are crossed.';
const BABBLING =
  'Bytes come but no valid frame: check the kind of reader, its speed and the ground wire.';

/** Judges a reader by what comes from it. */
export class ReaderWatch {
  /** Readers of other kinds: who understands the noise tells what is really plugged in. */
  readonly #others: readonly {
    readonly name: string;
    readonly scanner: FrameScanner<FrameTag | null>;
  }[];
  #noiseRun = 0;
  #fitsOther: string | null = null;
  #frames = 0;
  #lastFrameAtMs: Milliseconds | null = null;
  #tag: { id: string; sinceMs: Milliseconds; lastMs: Milliseconds } | null = null;
  #answerDueMs: Milliseconds | null = null;

  constructor(others: readonly FrameFormat[]) {
    this.#others = others.map((format) => ({
      name: format.name,
      scanner: new FrameScanner(format),
    }));
  }

  /** The link changed: what was unfinished or owed is forgotten. */
  restart(): void {
    this.#noiseRun = 0;
    this.#fitsOther = null;
    this.#answerDueMs = null;
    this.#tag = null;
    for (const { scanner } of this.#others) scanner.reset();
  }

  /** From now on an answer is owed by this time, unless one is overdue already. */
  owes(dueMs: Milliseconds): void {
    this.#answerDueMs ??= dueMs;
  }

  /** Bytes came, so many of which belong to no frame. */
  received(bytes: Uint8Array, noiseBytes: number): void {
    this.#answerDueMs = null;
    this.#noiseRun += noiseBytes;
    if (this.#noiseRun === 0) return;
    for (const { name, scanner } of this.#others) {
      if (scanner.push(bytes).some(({ content }) => content !== null)) this.#fitsOther = name;
    }
  }

  /** A valid frame ended; null for one that names no tag. */
  framed(id: string | null, atMs: Milliseconds): void {
    this.#noiseRun = 0;
    this.#fitsOther = null;
    if (id === null) return;
    this.#frames += 1;
    this.#lastFrameAtMs = atMs;
    const tag = this.#tag;
    if (tag?.id === id && atMs - tag.lastMs <= PAUSE_MS) tag.lastMs = atMs;
    else this.#tag = { id, sinceMs: atMs, lastMs: atMs };
  }

  counts(noiseBytes: number): ReaderCounts {
    return { frames: this.#frames, noiseBytes, lastFrameAtMs: this.#lastFrameAtMs };
  }

  /** `awayWhy` is null while the port is open. */
  health(awayWhy: string | null, nowMs: Milliseconds): PartHealth {
    if (awayWhy !== null) return { state: 'unplugged', why: awayWhy };
    if (this.#answerDueMs !== null && nowMs > this.#answerDueMs) {
      return { state: 'silent', why: SILENT };
    }
    if (this.#fitsOther !== null) {
      const why = `These are the bytes of a ${this.#fitsOther}: name that kind of reader.`;
      return { state: 'babbling', why };
    }
    if (this.#noiseRun >= BABBLE_BYTES) return { state: 'babbling', why: BABBLING };
    const tag = this.#tag;
    if (tag && nowMs - tag.lastMs <= PAUSE_MS && tag.lastMs - tag.sinceMs >= STUCK_MS) {
      const why = `The tag ${tag.id} is read for over an hour: does one lie by the coil?`;
      return { state: 'stuck', why };
    }
    return healthy;
  }
}
