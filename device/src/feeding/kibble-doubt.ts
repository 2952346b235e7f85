/** So many feedings in a row that flow otherwise than learned are no accident any more. */
const DOUBTS_MAX = 3;

/**
 * Notices that the food in the hopper is another one than the model was learned from: the scale
 * still closes each portion, but without it the portions by turns would be wrong.
 */
export class KibbleDoubt {
  #kibbleId: string | null = null;
  #doubts = 0;

  /** Takes one feeding that taught something. True: the owner should be asked, once in a row. */
  saw(kibbleId: string | null, isFarOff: boolean): boolean {
    this.#doubts = isFarOff ? (kibbleId === this.#kibbleId ? this.#doubts : 0) + 1 : 0;
    this.#kibbleId = kibbleId;
    return this.#doubts === DOUBTS_MAX;
  }
}
