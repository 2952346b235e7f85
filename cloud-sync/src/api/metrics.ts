import type { Milliseconds } from '@cat-feeder/shared';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The service's figures for Prometheus. No label holds an id: their number stays small. */
export class CloudMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #seconds: Histogram;
  readonly #events: Counter;

  constructor(figures: {
    readonly inFlight: () => number;
    readonly repeats: () => number;
    readonly viewers: () => number;
    readonly rings: () => { readonly sent: number; readonly dropped: number };
  }) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: 'cloud_requests_total',
      help: 'Requests by route and by what was answered: ok or the refusal.',
      labelNames: ['route', 'answer'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'cloud_request_seconds',
      help: 'Time from the first byte to the answer.',
      labelNames: ['route'],
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#events = new Counter({
      name: 'cloud_events_received_total',
      help: 'Entries in batches that were answered with an acknowledgement.',
      registers,
    });
    new Gauge({
      name: 'cloud_requests_in_flight',
      help: 'Requests being worked on.',
      registers,
      collect() {
        this.set(figures.inFlight());
      },
    });
    new Gauge({
      name: 'cloud_viewers',
      help: 'Members who watch a feeder.',
      registers,
      collect() {
        this.set(figures.viewers());
      },
    });
    new Gauge({
      name: 'cloud_mqtt_messages',
      help: 'Messages for the broker since the start: sent, or dropped because it was away or slow.',
      labelNames: ['fate'],
      registers,
      collect() {
        for (const [fate, count] of Object.entries(figures.rings())) this.set({ fate }, count);
      },
    });
    new Gauge({
      name: 'cloud_transactions_repeated',
      help: 'Transactions that lost against another one and were repeated.',
      registers,
      collect() {
        this.set(figures.repeats());
      },
    });
  }

  count(route: string, answer: string, tookMs: Milliseconds): void {
    this.#requests.inc({ route, answer });
    this.#seconds.observe({ route }, tookMs / 1000);
  }

  countEvents(count: number): void {
    this.#events.inc(count);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
