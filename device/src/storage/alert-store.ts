import type { Alert } from '@cat-feeder/shared';
import type { EventLog } from './event-log.ts';
import type { WriteTogether } from './fault-store.ts';
import type { StateStore } from './state-store.ts';

/** Alerts that are shown at once; the ledger keeps all of them. */
const ALERTS_SHOWN_MAX = 20;

/** Alerts that a person should see, newest last, each with its ledger entry. */
export class AlertStore {
  readonly #state: StateStore;
  readonly #log: EventLog;
  readonly #write: WriteTogether;

  constructor(parts: { state: StateStore; log: EventLog; write: WriteTogether }) {
    this.#state = parts.state;
    this.#log = parts.log;
    this.#write = parts.write;
  }

  active(): readonly Alert[] {
    return this.#state.read<Alert[]>('alerts') ?? [];
  }

  raise(alert: Alert): void {
    this.#write('alert.raised', () => {
      const others = this.active().filter(
        (shown) => shown.alert !== alert.alert || shown.subject !== alert.subject,
      );
      this.#state.write('alerts', [...others, alert].slice(-ALERTS_SHOWN_MAX));
      const { alert: name, subject, why } = alert;
      this.#log.append('alert.raised', { alert: name, subject, why: why.slice(0, 400) });
    });
  }

  /** Takes away what is no longer true, such as a missing meal that was served after all. */
  settle(isSettled: (alert: Alert) => boolean): void {
    const kept = this.active().filter((alert) => !isSettled(alert));
    if (kept.length === this.active().length) return;
    this.#write('alert.settled', () => this.#state.write('alerts', kept));
  }
}
