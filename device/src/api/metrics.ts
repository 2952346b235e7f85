import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import type { Feeding, Milliseconds, Status } from '@cat-feeder/shared';
import type { Clock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Upper bounds of the request durations, in seconds. */
const BUCKETS_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
/** Different label sets of one figure. All labels come from closed lists; this is a second wall. */
const SERIES_MAX = 1000;

type Labels = Readonly<Record<string, string>>;

interface Histogram {
  readonly labels: string;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Figures of the daemon in the Prometheus text format. */
export class Metrics {
  readonly #clock: Clock;
  readonly #requests = new Map<string, Histogram>();
  readonly #feedings = new Map<string, number>();
  readonly #grams = new Map<string, number>();
  #lastLoop = performance.eventLoopUtilization();

  constructor(clock: Clock, live: LiveEvents) {
    this.#clock = clock;
    live.subscribe((event) => {
      if (event.name === 'feeding') this.#countFeeding(event.data as Feeding);
    });
  }

  /** One answered request; `route` is the template, never the address that was asked for. */
  countRequest(method: string, route: string, status: number, durationMs: Milliseconds): void {
    const key = `${method} ${route} ${status}`;
    let histogram = this.#requests.get(key);
    if (histogram === undefined) {
      if (this.#requests.size >= SERIES_MAX) return;
      const labels = labelText({ method, route, status: String(status) });
      histogram = { labels, counts: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
      this.#requests.set(key, histogram);
    }
    const seconds = durationMs / 1000;
    histogram.count += 1;
    histogram.sum += seconds;
    BUCKETS_SECONDS.forEach((bound, at) => {
      if (seconds <= bound && histogram !== undefined) {
        histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
      }
    });
  }

  /** The whole exposition. Measures the event loop while it is asked. */
  async expose(status: Status, loopAgeMs: Milliseconds): Promise<string> {
    const lagSeconds = await this.#eventLoopLagSeconds();
    const loop = performance.eventLoopUtilization(this.#lastLoop);
    this.#lastLoop = performance.eventLoopUtilization();
    const { bowl, today } = status;
    return [
      ...gauge('feeder_up_seconds', 'Time since the daemon began.', status.uptimeMs / 1000),
      ...gauge('feeder_bowl_grams', 'Mass in the bowl.', bowl.grams),
      ...gauge('feeder_hopper_grams', 'Mass in the hopper.', status.hopperGrams),
      ...gauge(
        'feeder_hopper_days_left',
        'Days the hopper lasts at the mean of the last seven days.',
        status.hopperDaysLeft,
      ),
      ...gauge('feeder_today_served_grams', 'Likely served on this local day.', today.servedGrams),
      ...gauge('feeder_today_planned_grams', 'Planned for this local day.', today.plannedGrams),
      ...gauge('feeder_motor_on', 'Whether the motor turns.', status.motorOn ? 1 : 0),
      ...gauge('feeder_faults', 'Faults that are active.', status.faults.length),
      ...gauge('feeder_alerts', 'Alerts that are active.', status.alerts.length),
      ...gauge('feeder_storage_ok', 'Whether the disk takes writes.', status.storage.ok ? 1 : 0),
      ...gauge(
        'feeder_loop_age_seconds',
        'Age of the control loop’s last sign of life.',
        loopAgeMs / 1000,
      ),
      ...gauge(
        'feeder_event_loop_lag_seconds',
        'Time of one turn of the event loop, just now.',
        lagSeconds,
      ),
      ...gauge(
        'feeder_event_loop_utilization',
        'Busy share since the last scrape.',
        loop.utilization,
      ),
      ...gauge(
        'process_resident_memory_bytes',
        'Memory of the process.',
        process.memoryUsage.rss(),
      ),
      ...counters('feeder_feedings_total', 'Feedings by cause and result.', this.#feedings),
      ...counters('feeder_served_grams_total', 'Likely grams served, by cause.', this.#grams),
      ...this.#requestLines(),
      '',
    ].join('\n');
  }

  #countFeeding(feeding: Feeding): void {
    if (feeding.state === 'running') return;
    const { cause } = feeding;
    const result = feeding.result ?? 'refused';
    const reason = feeding.fault ?? feeding.refusal ?? 'none';
    add(this.#feedings, labelText({ cause, result, reason }), 1);
    if (feeding.dose !== null) {
      add(this.#grams, labelText({ cause }), Math.max(0, feeding.dose.likelyGrams));
    }
  }

  /** How long the loop takes to come round once more: what a request or a timer has to wait. */
  async #eventLoopLagSeconds(): Promise<number> {
    const begunMs = this.#clock.monoMs();
    await setImmediate();
    return Math.max(0, this.#clock.monoMs() - begunMs) / 1000;
  }

  #requestLines(): string[] {
    const name = 'feeder_http_request_duration_seconds';
    const lines = head(name, 'Request durations by route template.', 'histogram');
    for (const { labels, counts, sum, count } of this.#requests.values()) {
      BUCKETS_SECONDS.forEach((bound, at) => {
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${counts[at]}`);
      });
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`);
    }
    return lines;
  }
}

function add(series: Map<string, number>, key: string, amount: number): void {
  if (series.size < SERIES_MAX || series.has(key)) series.set(key, (series.get(key) ?? 0) + amount);
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, '_')}"`)
    .join(',');
}

function head(name: string, help: string, type: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** A figure that is not known has no sample. */
function gauge(name: string, help: string, value: number | null): string[] {
  const sample = value === null ? [] : [`${name} ${value}`];
  return [...head(name, help, 'gauge'), ...sample];
}

function counters(name: string, help: string, series: ReadonlyMap<string, number>): string[] {
  const samples = [...series].map(([labels, value]) => `${name}{${labels}} ${value}`);
  return [...head(name, help, 'counter'), ...samples];
}
