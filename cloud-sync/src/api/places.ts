/** Places that are taken by name and given back: how much of the service one name may hold at once. */
export class Places {
  readonly #taken = new Map<string, number>();

  /** Gives the way to leave the place, once; null when `max` are taken under this name. */
  take(name: string, max: number): (() => void) | null {
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= max) return null;
    this.#taken.set(name, taken + 1);
    let isLeft = false;
    return () => {
      if (isLeft) return;
      isLeft = true;
      const still = (this.#taken.get(name) ?? 1) - 1;
      if (still === 0) this.#taken.delete(name);
      else this.#taken.set(name, still);
    };
  }

  get names(): number {
    return this.#taken.size;
  }
}
