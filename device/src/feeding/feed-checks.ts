import {
  COMMAND_TTL_MS_MAX,
  type ErrorCode,
  type Fault,
  type FeedingCause,
  type Grams,
  HOUR_MS,
  isWithinHours,
  MINUTE_MS,
  type Milliseconds,
  type RefusalRule,
  type Settings,
} from '@cat-feeder/shared';
import type { StationHealth } from '../dispensing/feed-station.ts';
import { isTrusted, leastElapsedMs } from './elapsed.ts';
import { explainRefusal } from './explain.ts';
import { type ActiveFault, faultEffects, OPEN_LOOP_ERROR } from './fault-effects.ts';
import type { FeedCommand, Refusal } from './feed-command.ts';
import type { Interlock } from './interlocks.ts';
import { isScaleDead } from './maintenance-portion.ts';
import { checkLimits, type LimitContext } from './portion-limits.ts';

/** Everything that may speak against beginning a feeding now. */
export interface FeedContext extends LimitContext {
  readonly overshootGrams: number;
  readonly isBusy: boolean;
  /** Feedings that a crash left open are being closed. */
  readonly isRecovering: boolean;
  readonly isStopping: boolean;
  /** Somebody stopped the feeder since it was asked for. */
  readonly isStopped: boolean;
  readonly faults: readonly ActiveFault[];
  /** The gravest first. */
  readonly interlocks: readonly Interlock[];
  readonly health: StationHealth;
  /** Minutes since local midnight; null while the clock is not trusted. */
  readonly localMinute: number | null;
  /** Lived time at which this program started. */
  readonly startedAtAgeMs: Milliseconds;
}

/** A level that stood still tells of the bowl for so long: what is refused by it is asked for again. */
const STILL_BELIEVED_MS: Milliseconds = 30 * MINUTE_MS;

/** Causes from afar, which quiet hours refuse: nobody stands in front of the feeder. */
const remoteCauses: ReadonlySet<FeedingCause> = new Set(['automation', 'button', 'mqtt', 'cloud']);

/** The first rule that refuses, in the order of the list; null when the feeding may begin. Pure. */
export function checkFeed(command: FeedCommand, context: FeedContext): Refusal | null {
  for (const check of checks) {
    const found = check(command, context);
    if (found !== null) {
      const numbers = found.numbers ?? {};
      return {
        rule: found.rule,
        numbers,
        remainingGrams: found.remainingGrams ?? 0,
        why: explainRefusal(found.rule, numbers, found.fault),
      };
    }
  }
  return null;
}

interface Finding {
  readonly rule: RefusalRule;
  readonly numbers?: Record<string, number | null>;
  readonly remainingGrams?: number;
  /** What keeps the motor off, where the rule does not say it. */
  readonly fault?: Fault;
}
type Check = (command: FeedCommand, context: FeedContext) => Finding | null;

const stopping: Check = (_, { isStopping, isStopped }) => {
  if (isStopping) return { rule: 'stopping' };
  return isStopped ? { rule: 'stopped' } : null;
};

/**
 * An expiry is an instant of the sender's clock. A clock that nobody vouches for can judge it only
 * where it was reckoned by that clock itself, as the page does; otherwise no one can tell whether
 * it has passed, and a command that may be stale does not act.
 */
const expired: Check = (command, { now }) => {
  const { expiresAtMs, cause } = command;
  if (expiresAtMs === null) return null;
  const isOwnClock = !remoteCauses.has(cause) && expiresAtMs - now.wallMs <= COMMAND_TTL_MS_MAX;
  if (!isTrusted(now.quality) && !isOwnClock) return { rule: 'clock_unproven' };
  if (now.wallMs <= expiresAtMs) return null;
  return { rule: 'expired', numbers: { lateMs: now.wallMs - expiresAtMs } };
};

const busy: Check = (_, { isBusy, isRecovering }) => {
  if (isRecovering) return { rule: 'recovering' };
  return isBusy ? { rule: 'busy' } : null;
};

const faulty: Check = (_, { faults, health }) => {
  const refuses = (fault: Fault) => ['off', 'wait'].includes(faultEffects[fault]);
  if (health.undervoltage) return { rule: 'hardware_fault', fault: 'undervoltage' };
  if (health.fault !== null && refuses(health.fault)) {
    return { rule: 'hardware_fault', fault: health.fault };
  }
  const off = faults.find((active) => faultEffects[active.fault] === 'off');
  return off === undefined ? null : { rule: 'hardware_fault', fault: off.fault };
};

const interlocked: Check = (_, { interlocks }) => {
  const [held] = interlocks;
  if (held === undefined) return null;
  if (held === 'lid_open' || held === 'power_failing') return { rule: held };
  return { rule: 'hardware_fault', fault: held };
};

const quiet: Check = (command, { settings, localMinute }) => {
  if (settings.quietHours === null || localMinute === null) return null;
  if (!remoteCauses.has(command.cause)) return null;
  return isWithinHours(localMinute, settings.quietHours) ? { rule: 'quiet_hours' } : null;
};

const gap: Check = (command, { settings, doses, now, startedAtAgeMs }) => {
  const neededMs = gapMs(command.cause, settings);
  let sinceMs = Number.POSITIVE_INFINITY;
  for (const dose of doses) sinceMs = Math.min(sinceMs, leastElapsedMs(dose.at, now));
  // Before this start a portion against hunger may have been served that no disk took.
  if (command.cause === 'starvation') sinceMs = Math.min(sinceMs, now.ageMs - startedAtAgeMs);
  if (sinceMs >= neededMs) return null;
  return { rule: 'min_gap', numbers: { waitSeconds: Math.ceil((neededMs - sinceMs) / 1000) } };
};

function gapMs(cause: FeedingCause, settings: Settings): number {
  switch (cause) {
    case 'schedule':
    case 'starvation':
      return settings.scheduleGapMinutes * 60_000;
    case 'elapsed_time':
      return HOUR_MS;
    case 'calibration':
      return 0;
    case 'person':
    case 'automation':
    case 'button':
    case 'mqtt':
    case 'cloud':
      return settings.manualGapSeconds * 1000;
  }
}

const bowlFull: Check = (command, { settings, health }) => {
  const grams = bowlGrams(health);
  if (settings.bowlFullGrams === null || grams === null) return null;
  if (command.cause === 'person' || command.cause === 'calibration') return null;
  if (grams <= settings.bowlFullGrams) return null;
  return { rule: 'bowl_full', numbers: { bowlGrams: grams, limitGrams: settings.bowlFullGrams } };
};

/**
 * What lies in the bowl: the level that stands still, or the last that did. A cat that touches a
 * full bowl makes no room in it; but what stood still long ago may be eaten.
 */
function bowlGrams({ bowl, bowlStill }: StationHealth): Grams | null {
  if (bowl.state === 'stable') return bowl.grams;
  const isTouched = bowl.state === 'moving' || bowl.state === 'disturbed';
  if (!isTouched || bowlStill === null || bowlStill.ageMs > STILL_BELIEVED_MS) return null;
  return bowlStill.grams;
}

const limits: Check = (command, context) => {
  const answer = checkLimits(
    {
      cause: command.cause,
      petId: command.petId,
      portionGrams: command.portionGrams,
      overshootGrams: context.overshootGrams,
      errorShare: isScaleDead(context.health) ? OPEN_LOOP_ERROR : 0,
    },
    context,
  );
  if (answer.rule === null) return null;
  return { rule: answer.rule, numbers: answer.numbers, remainingGrams: answer.remainingGrams };
};

const checks: readonly Check[] = [
  stopping,
  expired,
  busy,
  faulty,
  interlocked,
  quiet,
  gap,
  bowlFull,
  limits,
];

/** The error code that tells a caller of a refusal. */
export const refusalCodes: Readonly<Record<RefusalRule, ErrorCode>> = {
  expired: 'ERR_COMMAND_EXPIRED',
  busy: 'ERR_BUSY',
  recovering: 'ERR_UNAVAILABLE',
  cap_feeding: 'ERR_LIMIT_REACHED',
  cap_hour: 'ERR_LIMIT_REACHED',
  cap_day: 'ERR_LIMIT_REACHED',
  cap_pet_day: 'ERR_LIMIT_REACHED',
  cap_plan: 'ERR_LIMIT_REACHED',
  min_gap: 'ERR_LIMIT_REACHED',
  quiet_hours: 'ERR_REFUSED',
  bowl_full: 'ERR_REFUSED',
  hardware_fault: 'ERR_HARDWARE_FAULT',
  clock_unproven: 'ERR_REFUSED',
  storage: 'ERR_STORAGE',
  stopping: 'ERR_UNAVAILABLE',
  stopped: 'ERR_REFUSED',
  lid_open: 'ERR_REFUSED',
  power_failing: 'ERR_REFUSED',
};
