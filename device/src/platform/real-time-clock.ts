import type { EpochMs } from '@cat-feeder/shared';
import type { SysfsTree } from './sysfs-tree.ts';

/** How far the machine's battery-backed clock may be believed. */
export type RtcVerdict =
  | 'absent'
  /** It set the system's clock at boot, and it is alive. */
  | 'trusted'
  /** It is alive, but the system did not take its time from it. */
  | 'unused'
  /** Its oscillator stopped or it cannot be read: the battery is empty or its bus is broken. */
  | 'stopped'
  /** It shows a time that cannot be. */
  | 'implausible';

export interface RtcView {
  /** `rtc-ds1307 1-0068`; null without a clock. */
  readonly name: string | null;
  readonly verdict: RtcVerdict;
  readonly showsMs: EpochMs | null;
  /** A sentence for people. */
  readonly why: string;
}

const FOLDER = 'sys/class/rtc';
/** No clock of a working feeder shows an earlier time: 2026-01-01. */
export const RTC_PLAUSIBLE_FROM_MS: EpochMs = 1_767_225_600_000;
/** The last day that a DS3231 can count to is in 2199; no feeder gets that old: 2080-01-01. */
const RTC_PLAUSIBLE_TO_MS: EpochMs = 3_471_292_800_000;

/**
 * Looks at the best real-time clock there is. The kernel reports a DS3231 whose oscillator
 * stopped in one of two ways: it refuses the read, or it clears the flag at boot and leaves the
 * chip's power-up date (2000-01-01); then `hctosys` or the date tells. Reading asks the chip once.
 */
export function lookAtRtc(tree: SysfsTree): RtcView {
  const views = tree.list(FOLDER).map((entry) => viewOf(tree, `${FOLDER}/${entry}`));
  const order: readonly RtcVerdict[] = ['trusted', 'unused', 'implausible', 'stopped'];
  for (const verdict of order) {
    const view = views.find((candidate) => candidate.verdict === verdict);
    if (view !== undefined) return view;
  }
  return { name: null, verdict: 'absent', showsMs: null, why: 'There is no real-time clock.' };
}

function viewOf(tree: SysfsTree, folder: string): RtcView {
  const name = tree.read(`${folder}/name`) ?? 'unnamed';
  const seconds = tree.readNumber(`${folder}/since_epoch`);
  if (seconds === null) {
    const why = `The real-time clock ${name} stopped or cannot be read; change its battery.`;
    return { name, verdict: 'stopped', showsMs: null, why };
  }
  const showsMs = seconds * 1000;
  if (showsMs < RTC_PLAUSIBLE_FROM_MS || showsMs > RTC_PLAUSIBLE_TO_MS) {
    const why = `The real-time clock ${name} lost its time; change its battery, then set it.`;
    return { name, verdict: 'implausible', showsMs, why };
  }
  if (tree.read(`${folder}/hctosys`) === '1') {
    return { name, verdict: 'trusted', showsMs, why: `The real-time clock ${name} keeps time.` };
  }
  const why = `The real-time clock ${name} keeps time, but did not set the system at boot.`;
  return { name, verdict: 'unused', showsMs, why };
}
