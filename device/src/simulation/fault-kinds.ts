/**
 * Everything that the simulator does to a feeder. One injected fault is one of these that really
 * happened: an armed power cut counts when the power goes, not when it was planned.
 */
export const faultKinds = [
  'power_cut',
  'kill',
  'hang',
  'restart',
  'permission_lost',
  'clock_step',
  'clock_lost',
  'clock_false',
  'disk_full',
  'disk_readonly',
  'disk_error',
  'request_duplicate',
  'request_reused',
  'request_expired',
  'request_reordered',
  'request_pair',
  'request_invalid',
  'cancel',
  'emergency_stop',
  'weigh_meanwhile',
  'plan_edit',
  'zone_change',
  'overlay',
  'jam',
  'bridge',
  'chute_block',
  'hopper_empty',
  'refill',
  'kibble_change',
  'scale_silent',
  'scale_stuck',
  'scale_saturated',
  'bowl_removed',
  'cat_eats',
  'cat_leans',
  'cat_sits',
  'driver_shorted',
  'motor_dead',
  'flap_leak',
  'index_lost',
  'undervoltage',
  'motor_unreachable',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** How often each comes in a day of a seed that has it, from rare to thick. */
export const faultsPerDay: Readonly<Record<FaultKind, readonly [few: number, many: number]>> = {
  power_cut: [0.5, 10],
  kill: [0.5, 12],
  hang: [0.5, 16],
  restart: [0.3, 6],
  permission_lost: [0.5, 6],
  clock_step: [0.3, 8],
  clock_lost: [0.2, 1.5],
  clock_false: [0.1, 1],
  disk_full: [0.1, 2],
  disk_readonly: [0.1, 2],
  disk_error: [0.2, 4],
  request_duplicate: [1, 30],
  request_reused: [1, 16],
  request_expired: [1, 24],
  request_reordered: [0.5, 10],
  request_pair: [0.5, 10],
  request_invalid: [1, 16],
  cancel: [0.5, 6],
  emergency_stop: [0.3, 4],
  weigh_meanwhile: [0.3, 4],
  plan_edit: [0.5, 12],
  zone_change: [0.2, 2],
  overlay: [0.2, 3],
  jam: [0.2, 4],
  bridge: [0.2, 4],
  chute_block: [0.1, 2],
  hopper_empty: [0.1, 1],
  refill: [0.2, 3],
  kibble_change: [0.05, 0.3],
  scale_silent: [0.3, 5],
  scale_stuck: [0.2, 3],
  scale_saturated: [0.2, 3],
  bowl_removed: [0.2, 4],
  cat_eats: [1, 16],
  cat_leans: [1, 20],
  cat_sits: [0.5, 8],
  driver_shorted: [0.02, 0.2],
  motor_dead: [0.05, 0.5],
  flap_leak: [0.05, 0.5],
  index_lost: [0.05, 0.3],
  undervoltage: [0.4, 8],
  motor_unreachable: [0.1, 2],
};

/** They came later and draw from streams of their own, so that seeds without them stay as they were. */
export const laterKinds: ReadonlySet<FaultKind> = new Set<FaultKind>(['motor_unreachable']);

/** `all`, `none`, or a list of kinds; a seed draws its own mixture of them. */
export function parseFaults(text: string): readonly FaultKind[] | undefined {
  if (text === 'all') return faultKinds;
  if (text === 'none') return [];
  const wanted = text.split(',').map((name) => name.trim());
  const known = faultKinds.filter((kind) => wanted.includes(kind));
  return known.length === wanted.length ? known : undefined;
}
