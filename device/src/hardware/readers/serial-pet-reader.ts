import type { Milliseconds } from '@cat-feeder/shared';
import type { PetReader, ReaderCounts, ReaderLink, TagReading } from '../../pets/pet-reader.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { checkOf, type PartCheck, type PartHealth } from '../../platform/part.ts';
import { FrameScanner, type ScannedFrame } from '../io/frame-scanner.ts';
import type { SerialLink } from '../io/serial-link.ts';
import type { FrameFormat, FrameTag } from './frame-format.ts';
import { frameFormats } from './frame-formats.ts';
import { ReaderWatch } from './reader-watch.ts';
import { TagWait } from './tag-wait.ts';

/** A reader that answers its hello does so within this time. */
export const ANSWER_MS_MAX: Milliseconds = 3000;
/** A reader that owes an answer is asked again so often. */
const ASK_AGAIN_MS: Milliseconds = 30_000;

export interface SerialPetReaderParts {
  /** Opened with the format's baud rate; the reader closes it. */
  readonly link: SerialLink;
  readonly format: FrameFormat;
  readonly clock: Clock;
}

/** A pet reader at a serial port. */
export class SerialPetReader implements PetReader {
  readonly #parts: SerialPetReaderParts;
  readonly #scanner: FrameScanner<FrameTag | null>;
  readonly #watch: ReaderWatch;
  readonly #wait: TagWait;
  #isClosed = false;
  #cancelHello: Cancel = () => {};
  #readingListener: (reading: TagReading) => void = () => {};
  #linkListener: (link: ReaderLink) => void = () => {};

  constructor(parts: SerialPetReaderParts) {
    this.#parts = parts;
    const { link, format } = parts;
    this.#scanner = new FrameScanner(format);
    const others = Object.values(frameFormats).filter(({ kind }) => kind !== format.kind);
    this.#watch = new ReaderWatch(others);
    this.#wait = new TagWait(parts.clock);
    link.onBytes((bytes) => this.#receive(bytes));
    link.onLink(({ isOpen, why }) => this.#follow({ isUp: isOpen, why }));
    if (link.isOpen) this.#greet();
  }

  get link(): ReaderLink {
    return { isUp: this.#parts.link.isOpen, why: this.#parts.link.why };
  }

  onReading(listener: (reading: TagReading) => void): void {
    this.#readingListener = listener;
  }

  onLink(listener: (link: ReaderLink) => void): void {
    this.#linkListener = listener;
  }

  counts(): ReaderCounts {
    return this.#watch.counts(this.#scanner.noiseBytes);
  }

  health(): PartHealth {
    const { link, clock } = this.#parts;
    const why = link.isOpen ? null : (link.why ?? 'The reader is away.');
    return this.#watch.health(why, clock.monoMs());
  }

  /** A reader that is asked for an answer owes it; of one that only talks, the port is what is seen. */
  async selfTest(): Promise<PartCheck> {
    const { format } = this.#parts;
    const found = `A ${format.name} is plugged in, and ${this.counts().frames} frames have come.`;
    return checkOf(this.health(), found, 'Check the plug, the cable and the kind of reader.');
  }

  async awaitTag(waitMs: Milliseconds): Promise<PartCheck> {
    const trouble = () => {
      const health = this.health();
      return health.state === 'ok' ? null : checkOf(health, '', 'Check the plug and the cable.');
    };
    return this.health().state === 'unplugged' ? this.selfTest() : this.#wait.next(waitMs, trouble);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelHello();
    this.#wait.close();
    // The port closes by itself from here on, and never rejects.
    void this.#parts.link.close();
  }

  #follow(link: ReaderLink): void {
    if (this.#isClosed) return;
    this.#scanner.reset();
    this.#watch.restart();
    this.#cancelHello();
    if (link.isUp) this.#greet();
    this.#linkListener(link);
  }

  #greet(): void {
    const { link, format, clock } = this.#parts;
    if (format.hello === null || this.#isClosed) return;
    // A port that goes away meanwhile tells so itself.
    link.write(format.hello).catch(() => {});
    this.#watch.owes(clock.monoMs() + ANSWER_MS_MAX);
    this.#cancelHello = clock.after('reader hello', ASK_AGAIN_MS, () => {
      if (this.health().state === 'silent') this.#greet();
    });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const before = this.#scanner.noiseBytes;
    const frames = this.#scanner.push(bytes);
    const atMs = this.#parts.clock.monoMs();
    this.#watch.received(bytes, this.#scanner.noiseBytes - before);
    for (const frame of frames) this.#take(frame, atMs);
  }

  #take({ content: tag, bytes }: ScannedFrame<FrameTag | null>, atMs: Milliseconds): void {
    this.#watch.framed(tag?.id ?? null, atMs);
    if (tag === null) return;
    const reading = { ...tag, raw: Buffer.from(bytes).toString('hex'), atMs };
    this.#wait.came(reading);
    this.#readingListener(reading);
  }
}
