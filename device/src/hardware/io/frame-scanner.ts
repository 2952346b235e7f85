/**
 * What the bytes from a possible start on are: a frame of so many bytes; the beginning of one
 * (`more`); or nothing that could become one (`no`).
 */
export type Judgement<Content> =
  | { readonly kind: 'frame'; readonly length: number; readonly content: Content }
  | { readonly kind: 'more' }
  | { readonly kind: 'no' };

export const no = { kind: 'no' } as const;
export const more = { kind: 'more' } as const;

/** How the frames of one wire look. */
export interface FrameRules<Content> {
  /** No frame is longer. */
  readonly bytesMax: number;
  /** `bytes` holds at least one byte and begins where a frame might. */
  judge(bytes: Uint8Array): Judgement<Content>;
}

/** A valid frame: what it says and its bytes. */
export interface ScannedFrame<Content> {
  readonly content: Content;
  readonly bytes: Uint8Array;
}

/**
 * Finds frames in a stream of bytes. Every byte is tried as a start, so noise before, between and
 * inside frames costs nothing but itself. It never holds more bytes than the longest frame.
 */
export class FrameScanner<Content> {
  readonly #rules: FrameRules<Content>;
  readonly #held: Uint8Array;
  #heldCount = 0;
  #noiseBytes = 0;

  constructor(rules: FrameRules<Content>) {
    this.#rules = rules;
    this.#held = new Uint8Array(rules.bytesMax);
  }

  /** Bytes that belonged to no frame, since the start; ends of lines are not counted. */
  get noiseBytes(): number {
    return this.#noiseBytes;
  }

  /** The frames that are complete with these bytes, in order. */
  push(bytes: Uint8Array): ScannedFrame<Content>[] {
    const frames: ScannedFrame<Content>[] = [];
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
  #settle(): ScannedFrame<Content> | null {
    while (this.#heldCount > 0) {
      const held = this.#held.subarray(0, this.#heldCount);
      const judgement = this.#rules.judge(held);
      if (judgement.kind === 'more' && this.#heldCount < this.#rules.bytesMax) return null;
      if (judgement.kind === 'frame') {
        const bytes = held.slice(0, judgement.length);
        this.#drop(judgement.length);
        return { content: judgement.content, bytes };
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
