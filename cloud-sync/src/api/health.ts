import type { System } from '../platform/system.ts';
import type { HealthProbes } from './deps.ts';

const PROBE_TIMEOUT_MS = 2_000;

export interface HealthReport {
  /** Whether requests can be served: all vital parts answer. */
  readonly ready: boolean;
  readonly components: Readonly<Record<string, 'up' | 'down'>>;
}

/** Asks every part, all at once. */
export async function health(probes: HealthProbes, system: System): Promise<HealthReport> {
  const asked = Object.entries(probes).map(async ([name, { probe, isVital }]) => {
    const isUp = await answers(probe, system);
    return { name, isUp, isVital };
  });
  const told = await Promise.all(asked);
  return {
    ready: told.every(({ isUp, isVital }) => isUp || !isVital),
    components: Object.fromEntries(told.map(({ name, isUp }) => [name, isUp ? 'up' : 'down'])),
  };
}

function answers(probe: () => Promise<void>, system: System): Promise<boolean> {
  return new Promise((resolve) => {
    const callOff = system.after(PROBE_TIMEOUT_MS, () => resolve(false));
    const end = (isUp: boolean) => {
      callOff();
      resolve(isUp);
    };
    probe().then(
      () => end(true),
      () => end(false),
    );
  });
}
