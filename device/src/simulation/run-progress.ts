import { monotonicSeconds } from './sim-figures.ts';

/** Running totals are shown this often. */
const TELL_EVERY_SECONDS = 30;

/** Tells how far a long run has come, on standard error; and hears of the wish to end it. */
export class RunProgress {
  readonly #beganSeconds = monotonicSeconds();
  #toldSeconds = this.#beganSeconds;
  /** SIGINT or SIGTERM came: the run shall end with the figures that it has. */
  isStopping = false;

  /** Calls back when the run shall end. */
  constructor(onStop: () => void = () => {}) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        this.isStopping = true;
        onStop();
      });
    }
  }

  get seconds(): number {
    return monotonicSeconds() - this.#beganSeconds;
  }

  /** Shows a line when the last one was shown long ago. */
  tell(line: (seconds: number) => string): void {
    const nowSeconds = monotonicSeconds();
    if (nowSeconds - this.#toldSeconds < TELL_EVERY_SECONDS) return;
    this.#toldSeconds = nowSeconds;
    console.error(line(this.seconds));
  }
}
