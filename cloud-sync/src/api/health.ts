import type { System } from '../platform/system.ts';
import type { HealthProbes } from './deps.ts';

const PROBE_TIMEOUT_MS = 2_000;

/** `off`: this service was set up without it. */
type Condition = 'up' | 'down' | 'off';

export interface HealthReport {
  /** Whether requests can be served: all vital parts answer. */
  readonly ready: boolean;
  readonly components: Readonly<Record<string, Condition>>;
  /** Parts without which something is missing, though requests are served. */
  readonly degraded: readonly string[];
}

/** Asks every part, all at once. */
export async function health(probes: HealthProbes, system: System): Promise<HealthReport> {
  const asked = Object.entries(probes).map(async ([name, { probe, isVital }]) => {
    const condition = await conditionOf(probe, system);
    return { name, condition, isVital };
  });
  const told = await Promise.all(asked);
  return {
    ready: told.every(({ condition, isVital }) => condition === 'up' || !isVital),
    components: Object.fromEntries(told.map(({ name, condition }) => [name, condition])),
    degraded: told.filter(({ condition }) => condition !== 'up').map(({ name }) => name),
  };
}

async function conditionOf(
  probe: (() => Promise<void>) | null,
  system: System,
): Promise<Condition> {
  if (probe === null) return 'off';
  return (await answers(probe, system)) ? 'up' : 'down';
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
