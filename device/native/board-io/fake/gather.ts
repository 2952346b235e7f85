/** Things that come in by a listener, with a way to wait for them. */
export class Gathered<T> {
  readonly all: T[] = [];
  #wake: (() => void) | undefined;

  /** To be given away as the listener of a batch. */
  readonly add = (items: readonly T[]): void => {
    this.all.push(...items);
    this.#wake?.();
  };

  /** Resolves once all that has come fits; the test's own time limit bounds the wait. */
  async until(fits: (all: readonly T[]) => boolean): Promise<readonly T[]> {
    while (!fits(this.all)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.all;
  }
}
