import type { DocumentStore } from './document-store.ts';
import type { PlanCopy } from './plan-copy.ts';

/**
 * Keeps the second copy up to date. What the feeder learns of its food changes after every
 * feeding and can be learned again: it waits for the next edit, the daily maintenance or the stop.
 */
export class PlanCopyWriter {
  readonly #copy: PlanCopy;
  readonly #documents: DocumentStore;
  #isStale = false;
  #failures = 0;

  constructor(copy: PlanCopy, documents: DocumentStore) {
    this.#copy = copy;
    this.#documents = documents;
    this.#isStale = copy.read() === null && documents.all().length > 0;
    documents.onChange(({ kind, groups }) => {
      this.#isStale = true;
      const isLearned = groups.every((group) => group === 'model');
      if (!isLearned || (kind !== 'kibble' && kind !== 'unnamed_kibble')) this.writeIfStale();
    });
  }

  /** Copies that could not be written since the start; the database has what they lack. */
  get failures(): number {
    return this.#failures;
  }

  writeIfStale(): void {
    if (!this.#isStale) return;
    try {
      this.#copy.write(this.#documents.all());
      this.#isStale = false;
    } catch {
      this.#failures += 1; // Shown on the health page; tried again with the next edit.
    }
  }
}
