import type { SeededRandom } from '../../device/src/platform/random.ts';

/** Everything that can go wrong. Faults of messages have a chance, the others a rate. */
export const messageFaults = [
  'request_lost',
  'answer_lost',
  'duplicate',
  'delay',
  'garbled',
  'push_lost',
  'push_late',
  'push_twice',
  'power_cut_before_commit',
  'power_cut_after_commit',
  'node_crash_before_commit',
  'node_crash_after_commit',
] as const;

export const timedFaults = [
  'partition',
  'half_open',
  'portal',
  'power_cut',
  'lost_fsync',
  'image_rollback',
  'cloud_restore',
  'both_restore',
  'factory_reset',
  'clone',
  'device_clock_step',
  'node_clock_step',
  'node_down',
  'overloaded',
  'bad_token',
  'no_common_version',
  'newer_node',
  'cache_flush',
  'poison_event',
  'oversize_event',
  'poison_down',
  'trim',
  'drop_class_c',
  'owner_change',
  'small_limits',
] as const;

export type MessageFault = (typeof messageFaults)[number];
export type TimedFault = (typeof timedFaults)[number];
export type SyncFault = MessageFault | TimedFault;
export const syncFaults: readonly SyncFault[] = [...messageFaults, ...timedFaults];

/** What one seed goes through. */
export interface Weather {
  readonly chances: Readonly<Record<MessageFault, number>>;
  /** Mean distance of two timed faults, and which of them may come, as often as they are listed. */
  readonly meanGapMs: number;
  readonly kinds: readonly TimedFault[];
}

const rare: ReadonlySet<SyncFault> = new Set<SyncFault>([
  'power_cut_before_commit',
  'power_cut_after_commit',
  'node_crash_before_commit',
  'node_crash_after_commit',
]);
/** These end many others, so they come less often. */
const seldom: ReadonlySet<SyncFault> = new Set<SyncFault>([
  'factory_reset',
  'no_common_version',
  'owner_change',
  'clone',
  'bad_token',
]);

/** Swarm: each seed has its own mixture, so that faults do not hide each other. */
export function drawWeather(random: SeededRandom, allowed: readonly SyncFault[]): Weather {
  const chances = Object.fromEntries(
    messageFaults.map((name) => {
      const isOn = allowed.includes(name) && random.chance(0.5);
      return [name, isOn ? random.next() * (rare.has(name) ? 0.02 : 0.15) : 0];
    }),
  ) as Record<MessageFault, number>;
  const isDrawn = (name: TimedFault) => random.chance(seldom.has(name) ? 0.15 : 0.5);
  const kinds = timedFaults.filter((name) => allowed.includes(name) && isDrawn(name));
  const isAll = allowed.length < syncFaults.length;
  const chosen = isAll ? timedFaults.filter((name) => allowed.includes(name)) : kinds;
  return { chances, meanGapMs: 5_000 + random.next() * 40_000, kinds: chosen };
}
