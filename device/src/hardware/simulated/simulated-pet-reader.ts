import type { Milliseconds } from '@cat-feeder/shared';
import type { PetReader, ReaderCounts, ReaderLink, TagReading } from '../../pets/pet-reader.ts';
import type { Clock } from '../../platform/clock.ts';
import { checkOf, healthy, type PartCheck, type PartHealth } from '../../platform/part.ts';
import { TagWait } from '../readers/tag-wait.ts';

/** What a tag in the field of a simulated reader is. */
export type SimulatedTag = Pick<TagReading, 'protocol' | 'id' | 'isAnimal'>;

/** A pet reader without hardware: tags are held to it, and it is unplugged, by calls. */
export class SimulatedPetReader implements PetReader {
  readonly #clock: Clock;
  #link: ReaderLink = { isUp: true, why: null };
  #isClosed = false;
  #frames = 0;
  #noiseBytes = 0;
  #lastFrameAtMs: Milliseconds | null = null;
  #readingListener: (reading: TagReading) => void = () => {};
  #linkListener: (link: ReaderLink) => void = () => {};
  readonly #wait: TagWait;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wait = new TagWait(clock);
  }

  get link(): ReaderLink {
    return this.#link;
  }

  onReading(listener: (reading: TagReading) => void): void {
    this.#readingListener = listener;
  }

  onLink(listener: (link: ReaderLink) => void): void {
    this.#linkListener = listener;
  }

  /** One frame of this tag; nothing happens while the reader is unplugged. */
  hold(tag: SimulatedTag): void {
    if (this.#isClosed || !this.#link.isUp) return;
    const atMs = this.#clock.monoMs();
    const raw = Buffer.from(tag.id, 'latin1').toString('hex');
    const reading = { ...tag, raw, atMs };
    this.#frames += 1;
    this.#lastFrameAtMs = atMs;
    this.#wait.came(reading);
    this.#readingListener(reading);
  }

  /** So many bytes of noise: counted, nothing else. */
  disturb(bytes: number): void {
    if (this.#link.isUp) this.#noiseBytes += bytes;
  }

  unplug(): void {
    this.#turn({ isUp: false, why: 'The simulated reader is unplugged.' });
  }

  plugIn(): void {
    this.#turn({ isUp: true, why: null });
  }

  counts(): ReaderCounts {
    return {
      frames: this.#frames,
      noiseBytes: this.#noiseBytes,
      lastFrameAtMs: this.#lastFrameAtMs,
    };
  }

  health(): PartHealth {
    return this.#link.isUp ? healthy : { state: 'unplugged', why: this.#link.why ?? '' };
  }

  async selfTest(): Promise<PartCheck> {
    return checkOf(this.health(), 'The simulated reader is plugged in.', 'Plug it in.');
  }

  async awaitTag(waitMs: Milliseconds): Promise<PartCheck> {
    return this.#link.isUp ? this.#wait.next(waitMs, () => null) : this.selfTest();
  }

  close(): void {
    this.#isClosed = true;
    this.#link = { isUp: false, why: 'The reader was closed.' };
    this.#wait.close();
  }

  #turn(link: ReaderLink): void {
    if (this.#isClosed || link.isUp === this.#link.isUp) return;
    this.#link = link;
    this.#linkListener(link);
  }
}
