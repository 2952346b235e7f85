import {
  type Dose,
  type Fault,
  type FeedingResult,
  type Grams,
  type RefusalRule,
  roundGrams,
} from '@cat-feeder/shared';

/** `12 g`, `7.35 g`: at most two decimals. */
export function inGrams(grams: Grams): string {
  return `${roundGrams(grams)} g`;
}

/** `12.1 g (11.8 to 12.4, measured)`. */
export function doseInWords(dose: Dose): string {
  return `${inGrams(dose.likelyGrams)} (${roundGrams(dose.lowGrams)} to ${roundGrams(dose.highGrams)}, ${dose.method})`;
}

const endings: Readonly<Record<FeedingResult, string>> = {
  served: 'Served',
  short: 'Served less than asked',
  failed: 'Failed',
  cancelled: 'Cancelled',
  unknown_after_crash: 'Interrupted; what was served is not known',
};

const faultWords: Readonly<Record<Fault, string>> = {
  jam: 'the dispenser jammed',
  bridged: 'food hung in the hopper',
  hopper_empty: 'the hopper was empty',
  chute_blocked: 'the chute was blocked',
  slow_flow: 'food flowed slower than learned',
  scale_silent: 'the scale gave no readings',
  scale_stuck: 'the scale repeated one value',
  scale_saturated: 'the scale was at its end',
  bowl_missing: 'the bowl was missing',
  overflow: 'food kept falling after the motor stopped',
  motor_runaway: 'the motor turned without being told to',
  motor_dead: 'the motor did not turn',
  motor_unreachable: 'the motor’s driver did not answer',
  undervoltage: 'the supply was too weak',
  deadline: 'it took too long',
  controller_lost: 'the control loop was lost',
  lid_open: 'the lid of the hopper was open',
  power_failing: 'the mains failed',
};

/** One sentence on how a feeding ended. */
export function explainOutcome(end: {
  result: FeedingResult;
  fault: Fault | null;
  portionGrams: Grams;
  dose: Dose;
}): string {
  const because = end.fault === null ? '' : ` because ${faultWords[end.fault]}`;
  return `${endings[end.result]}${because}: asked ${inGrams(end.portionGrams)}, in the bowl ${doseInWords(end.dose)}.`;
}

const refusals: Readonly<Record<RefusalRule, string>> = {
  expired: 'the command had expired before it arrived',
  busy: 'another feeding was running',
  recovering: 'what an interrupted feeding left in the bowl is still being weighed',
  cap_feeding: 'it passes the limit of one feeding',
  cap_hour: 'it passes the limit of one hour',
  cap_day: 'it passes the limit of one day',
  cap_pet_day: 'it passes the ration of this pet for today',
  cap_plan: 'it passes the share of the plan that the feeder may serve by itself',
  min_gap: 'it follows the feeding before it too closely',
  quiet_hours: 'it falls into the quiet hours',
  bowl_full: 'the bowl still holds enough',
  hardware_fault: 'a hardware fault keeps the motor off',
  clock_unproven: 'the clock cannot be trusted, so nobody knows whether the command has expired',
  storage: 'the disk refuses writes',
  stopping: 'the feeder is stopping',
  stopped: 'somebody stopped the feeder before it began',
  lid_open: 'the lid of the hopper is open',
  power_failing: 'the mains have failed',
};

/** One sentence on why a feeding was not begun. */
export function explainRefusal(
  rule: RefusalRule,
  numbers: Record<string, number | null>,
  fault: Fault | null = null,
): string {
  const figures = Object.entries(numbers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${Math.round((value ?? 0) * 100) / 100}`)
    .join(', ');
  const named = fault === null ? '' : `: ${faultWords[fault]}`;
  return `Refused because ${refusals[rule]}${named}${figures === '' ? '' : ` (${figures})`}.`;
}
