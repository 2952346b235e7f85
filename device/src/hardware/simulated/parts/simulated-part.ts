import {
  checkOf,
  healthy,
  type Part,
  type PartCheck,
  type PartHealth,
} from '../../../platform/part.ts';

/** What every simulated part has: a condition that somebody outside sets. */
export class SimulatedPart implements Part {
  readonly name: string;
  isClosed = false;
  #health: PartHealth = healthy;

  constructor(name: string) {
    this.name = name;
  }

  /** Breaks or mends the part. */
  become(state: PartHealth['state']): void {
    const why = state === 'ok' ? '' : `The simulated ${this.name} is ${state}.`;
    this.#health = { state, why };
  }

  selfTest(): Promise<PartCheck> {
    const fix = `Mend the simulated ${this.name}.`;
    return Promise.resolve(checkOf(this.#health, `the simulated ${this.name} works`, fix));
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    this.isClosed = true;
  }
}
