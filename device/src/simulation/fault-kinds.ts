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
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** How often each comes in a day of a seed that has it, from rare to thick. */
export const faultsPerDay: Readonly<Record<FaultKind, readonly [few: number, many: number]>> = {
  power_cut: [0.3, 6],
  kill: [0.3, 6],
  hang: [0.3, 6],
  restart: [0.1, 2],
  permission_lost: [0.3, 4],
  clock_step: [0.2, 4],
  clock_lost: [0.2, 1],
  clock_false: [0.1, 1],
  disk_full: [0.1, 1.5],
  disk_readonly: [0.1, 1.5],
  disk_error: [0.1, 3],
  request_duplicate: [0.5, 8],
  request_reused: [0.3, 3],
  request_expired: [0.3, 5],
  request_reordered: [0.3, 4],
  request_pair: [0.3, 4],
  request_invalid: [0.3, 4],
  cancel: [0.3, 4],
  emergency_stop: [0.2, 2],
  weigh_meanwhile: [0.2, 2],
  plan_edit: [0.3, 4],
  zone_change: [0.1, 1],
  overlay: [0.1, 1.5],
  jam: [0.2, 4],
  bridge: [0.2, 4],
  chute_block: [0.1, 2],
  hopper_empty: [0.1, 1],
  refill: [0.1, 1],
  kibble_change: [0.05, 0.3],
  scale_silent: [0.2, 3],
  scale_stuck: [0.1, 2],
  scale_saturated: [0.1, 2],
  bowl_removed: [0.1, 2],
  cat_eats: [0.5, 8],
  cat_leans: [0.5, 8],
  cat_sits: [0.2, 4],
  driver_shorted: [0.02, 0.2],
  motor_dead: [0.05, 0.5],
  flap_leak: [0.05, 0.5],
  index_lost: [0.05, 0.3],
  undervoltage: [0.2, 3],
};

/** `all`, `none`, or a list of kinds; a seed draws its own mixture of them. */
export function parseFaults(text: string): readonly FaultKind[] | undefined {
  if (text === 'all') return faultKinds;
  if (text === 'none') return [];
  const wanted = text.split(',').map((name) => name.trim());
  const known = faultKinds.filter((kind) => wanted.includes(kind));
  return known.length === wanted.length ? known : undefined;
}
