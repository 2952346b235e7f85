import { type Alert, DAY_MS, FeederError } from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { ScheduleAlert } from '../scheduling/scheduler.ts';
import { AlertStore } from '../storage/alert-store.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { DeviceParts } from './device-parts.ts';

/** Alerts that nobody settled are shown this long. */
const SHOWN_MS = 3 * DAY_MS;
const SERVED = new Set(['fed', 'fed_late', 'fed_reduced']);

/** Raises alerts durably, shows them, and takes away what is no longer true. */
export function composeAlerts(
  parts: DeviceParts,
  joined: { readonly store: DeviceStore; readonly time: StationClock; readonly live: LiveEvents },
) {
  const { store, time, live } = joined;
  const alerts = new AlertStore(store);
  const isSettled = (alert: Alert): boolean => {
    if (time.now().wallMs - alert.sinceMs > SHOWN_MS) return true;
    const occurrence =
      alert.subject === null ? undefined : store.schedule.occurrence(alert.subject);
    return occurrence?.verdict != null && SERVED.has(occurrence.verdict);
  };
  /** A full disk must not turn an alert into a crash; it is shown live in any case. */
  const tolerate = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      parts.logger.error({ code: error.code }, 'An alert could not be written.');
    }
  };
  return {
    active: () => alerts.active(),
    raise: ({ kind, subject, why }: ScheduleAlert) => {
      const alert: Alert = { alert: kind, subject, sinceMs: time.now().wallMs, why };
      live.publish('alert', alert);
      tolerate(() => alerts.raise(alert));
    },
    settle: () => tolerate(() => alerts.settle(isSettled)),
  };
}
