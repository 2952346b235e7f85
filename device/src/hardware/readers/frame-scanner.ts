import type { FrameFormat, FrameTag } from './frame-format.ts';

/** A valid frame: its tag (null for an answer that names none) and its bytes. */
export interface ScannedFrame {
  readonly tag: FrameTag | null;
  readonly bytes: Uint8Array;
}

/**
 * Finds frames in a stream of bytes. Every byte is tried as a start, so noise before, between and
 * inside frames costs nothing but itself. It never holds more bytes than the longest frame.
 */
export class FrameScanner {
  readonly #format: FrameFormat;
  readonly #held: Uint8Array;
  #heldCount = 0;
  #noiseBytes = 0;

  constructor(format: FrameFormat) {
    this.#format = format;
    this.#held = new Uint8Array(format.bytesMax);
  }

  /** Bytes that belonged to no frame, since the start; ends of lines are not counted. */
  get noiseBytes(): number {
    return this.#noiseBytes;
  }

  /** The frames that are complete with these bytes, in order. */
  push(bytes: Uint8Array): ScannedFrame[] {
    const frames: ScannedFrame[] = [];
    for (const byte of bytes) {
      this.#held[this.#heldCount++] = byte;
      for (let frame = this.#settle(); frame !== null; frame = this.#settle()) frames.push(frame);
    }
    return frames;
  }

  /** Forgets an unfinished frame: the stream was cut here. */
  reset(): void {
    for (let at = 0; at < this.#heldCount; at++) this.#countNoise(this.#held[at] ?? 0);
    this.#heldCount = 0;
  }

  /** Drops bytes until what is held is a frame, which is taken out, or may still become one. */
  #settle(): ScannedFrame | null {
    while (this.#heldCount > 0) {
      const held = this.#held.subarray(0, this.#heldCount);
      const judgement = this.#format.judge(held);
      if (judgement.kind === 'more' && this.#heldCount < this.#format.bytesMax) return null;
      if (judgement.kind === 'frame') {
        const bytes = held.slice(0, judgement.length);
        this.#drop(judgement.length);
        return { tag: judgement.tag, bytes };
      }
      this.#countNoise(held[0] ?? 0);
      this.#drop(1);
    }
    return null;
  }

  #countNoise(byte: number): void {
    if (byte !== 0x0d && byte !== 0x0a) this.#noiseBytes += 1;
  }

  #drop(count: number): void {
    this.#held.copyWithin(0, count, this.#heldCount);
    this.#heldCount -= count;
  }
}
