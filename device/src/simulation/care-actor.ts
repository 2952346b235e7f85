import { DAY_MS, HOUR_MS, MINUTE_MS } from '@cat-feeder/shared';
import type { SeededRandom } from '../platform/random.ts';
import type { Life } from './life.ts';
import type { RequestActor } from './request-actor.ts';

const LOW_GRAMS = 100;

/** The people who live with the feeder: they ask for food, refill, and clear mended faults. */
export class CareActor {
  readonly #life: Life;
  readonly #requests: RequestActor;
  readonly #random: SeededRandom;

  constructor(parts: { life: Life; requests: RequestActor; random: SeededRandom }) {
    this.#life = parts.life;
    this.#requests = parts.requests;
    this.#random = parts.random;
  }

  start(): void {
    const { asksPerDay, careMeanMs } = this.#life.scenario;
    if (asksPerDay > 0) this.#every(DAY_MS / asksPerDay, () => this.#requests.feed());
    this.#every(6 * HOUR_MS, () => this.#requests.look());
    this.#every(Math.max(careMeanMs, 30 * MINUTE_MS), () => this.#careVisit());
  }

  async #careVisit(): Promise<void> {
    const { world } = this.#life;
    if (world.model.hopper.grams < LOW_GRAMS) world.refill(2000);
    if (!this.#life.broken.isSound) return;
    for (const fault of await this.#requests.faults()) await this.#requests.clearFault(fault);
  }

  #every(meanMs: number, act: () => Promise<void>): void {
    this.#life.clock.after('care', this.#random.exponential(meanMs), () => {
      if (this.#life.isEnding) return;
      this.#life.pump.settle(act());
      this.#every(meanMs, act);
    });
  }
}
