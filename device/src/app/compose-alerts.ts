import { type Alert, DAY_MS, type Fault, FeederError } from '@cat-feeder/shared';
import type { HopperLevel } from '../dispensing/hopper-gauge.ts';
import { faultAdvice } from '../feeding/fault-effects.ts';
import type { Interlocks } from '../feeding/interlocks.ts';
import type { StationClock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { ScheduleAlert } from '../scheduling/scheduler.ts';
import { AlertStore } from '../storage/alert-store.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { DeviceParts } from './device-parts.ts';

/** Alerts that nobody settled are shown this long. */
const SHOWN_MS = 3 * DAY_MS;
const KIBBLE_CHANGED = 'kibble_changed';
const SENSOR = 'sensor';
const HOPPER_LOW = 'hopper_low';
const HISTORY_LOST = 'history_lost';
const SERVED = new Set(['fed', 'fed_late', 'fed_reduced']);

/** Raises alerts durably, shows them, and takes away what is no longer true. */
export function composeAlerts(
  parts: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly live: LiveEvents;
    readonly isBusy: () => boolean;
    readonly interlocks: Interlocks;
  },
) {
  const { store, time, live, isBusy, interlocks } = joined;
  const { station } = parts;
  let isHopperLow = true;
  /** What is seen at rest, by the scale or by a switch. */
  const seenFault = (): Fault | null => station.health().fault ?? interlocks.active()[0] ?? null;
  const alerts = new AlertStore(store);
  const isSettled = (alert: Alert): boolean => {
    // The clock's memory is lost with the rest: at this start its steps say nothing.
    if (alert.alert === HISTORY_LOST && store.restored !== null) return false;
    if (time.now().wallMs - alert.sinceMs > SHOWN_MS) return true;
    if (alert.alert === SENSOR) return !isBusy() && seenFault() !== alert.subject;
    if (alert.alert === HOPPER_LOW) return !isHopperLow;
    if (alert.alert === KIBBLE_CHANGED) {
      const kibble = alert.subject === null ? undefined : store.kibbles.get(alert.subject);
      return (kibble?.calibratedAtMs ?? 0) > alert.sinceMs;
    }
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
  const raise = (kind: string, subject: string | null, why: string): void => {
    const alert: Alert = { alert: kind, subject, sinceMs: time.now().wallMs, why };
    live.publish('alert', alert);
    tolerate(() => alerts.raise(alert));
  };
  return {
    active: () => alerts.active().filter((alert) => !isSettled(alert)),
    raise: ({ kind, subject, why }: ScheduleAlert) => raise(kind, subject, why),
    sensor: (fault: Fault) => raise(SENSOR, fault, faultAdvice[fault]),
    isSensorShown: (fault: Fault) =>
      alerts.active().some(({ alert, subject }) => alert === SENSOR && subject === fault),
    kibbleDoubted: (kibbleId: string | null) =>
      raise(
        KIBBLE_CHANGED,
        kibbleId,
        'Three portions in a row flowed over 30 % otherwise than learned. If the food is another one, choose it in the settings or calibrate it.',
      ),
    historyLost: (loss: string) =>
      raise(
        HISTORY_LOST,
        null,
        `The feeder’s memory was damaged: ${loss}. Look whether pets, plan and settings are still there, and what is in the bowl.`,
      ),
    seenFault,
    /** What the gauge saw; told once for each occasion. */
    hopper: ({ isLow, fraction }: HopperLevel) => {
      isHopperLow = isLow;
      if (!isLow) tolerate(() => alerts.settle(isSettled));
      else if (!alerts.active().some(({ alert }) => alert === HOPPER_LOW)) {
        const percent = Math.round(fraction * 100);
        raise(HOPPER_LOW, null, `The hopper is ${percent} % full. Fill it before it is empty.`);
      }
    },
    settle: () => tolerate(() => alerts.settle(isSettled)),
  };
}
