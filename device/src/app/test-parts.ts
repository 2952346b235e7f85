import type { PartTest } from '@cat-feeder/shared';
import type { Panel } from '../hardware/parts/open-panel.ts';
import type { Part } from '../platform/part.ts';
import type { TrustedClock } from '../scheduling/trusted-clock.ts';
import type { DeviceParts } from './device-parts.ts';

/** Asks every part what it finds out about itself: two seconds at most, and nothing turns. */
export async function testParts(
  { panel, selfTest }: Pick<DeviceParts, 'panel' | 'selfTest'>,
  clock: TrustedClock,
): Promise<PartTest[]> {
  const around = panel === undefined ? [] : named(panel);
  const others = [['clock', clock] as const, ...around].map(async ([part, its]) => ({
    part,
    ...(await its.selfTest()),
  }));
  const [dispenser, rest] = await Promise.all([selfTest?.() ?? [], Promise.all(others)]);
  // The supply is watched by the control loop and around it; it is told once.
  const told = new Set(rest.map(({ part }) => part));
  return [...dispenser.filter(({ part }) => !told.has(part)), ...rest];
}

function named(panel: Panel): (readonly [string, Part])[] {
  const all: readonly (readonly [string, Part | null])[] = [
    ['button', panel.button],
    ['lid switch', panel.lid],
    ['bowl switch', panel.bowl],
    ['light', panel.indicator],
    ['buzzer', panel.sounder],
    ['hopper gauge', panel.hopperGauge],
    ['pet reader', panel.petReader],
    ['supply', panel.power],
    ['thermometer', panel.thermometer],
  ];
  return all.flatMap(([name, part]) => (part === null ? [] : [[name, part] as const]));
}
