/**
 * Random numbers that repeat: the same seed gives the same stream on every machine. For models
 * and tests only; ids and keys take their bytes from the operating system.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, 32 bits a step.
 */
export class SeededRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;
  /** The second value of the last pair of normal deviates, or NaN. */
  #spareGaussian = Number.NaN;

  /** Any text or number is a seed; different seeds give unrelated streams. */
  constructor(seed: number | string) {
    const hash = hashText(String(seed));
    this.#a = hash;
    this.#b = hash ^ 0x9e3779b9;
    this.#c = Math.imul(hash, 0x85ebca6b) | 1;
    // A text of more than 32 bits must not collapse into one hash: mix in a second one.
    this.#b ^= hashText(`${seed}\u0001`);
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** At least 0 and below 1. */
  next(): number {
    return this.uint32() / 4294967296;
  }

  /** A normal deviate with mean 0 and standard deviation 1 (polar method). */
  gaussian(): number {
    const spare = this.#spareGaussian;
    if (!Number.isNaN(spare)) {
      this.#spareGaussian = Number.NaN;
      return spare;
    }
    // Each round succeeds with probability pi/4.
    for (;;) {
      const u = 2 * this.next() - 1;
      const w = 2 * this.next() - 1;
      const s = u * u + w * w;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spareGaussian = w * factor;
      return u * factor;
    }
  }

  /** An exponential deviate: the wait for an event that comes once in `mean` on average. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability;
  }

  /** Fresh random bytes; fits `RandomBytes` of the ids. */
  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let i = 0; i < length; i++) out[i] = this.uint32() >>> 24;
    return out;
  }

  /**
   * A stream of its own for one part. What the part draws does not move this stream, but each
   * fork does, by a fixed amount: fork at set-up, in a fixed order.
   */
  fork(label: string): SeededRandom {
    return new SeededRandom(`${label}\u0000${this.uint32()}\u0000${this.uint32()}`);
  }
}

/** FNV-1a over UTF-16 units, finished as in MurmurHash3. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
