import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runToEnd } from '../servers/own-process.ts';
import type { BenchService } from './bench-service.ts';
import type { DrainFigures } from './device-drain.ts';

const program = resolve(import.meta.dirname, 'device-drain.ts');

/** What one feeder's link is to do; see `device-drain.ts`. */
export interface DrainPlan {
  readonly events: number;
  /** Where the feeder finds the service, if not at its own address. */
  readonly url?: string;
  readonly first?: number;
  readonly perSecond?: number;
  readonly isDay?: boolean;
  readonly isAlone?: boolean;
}

/** Runs the link of a new feeder, which the service knows, in a process of its own to its end. */
export async function linkDrain(
  below: string,
  service: BenchService,
  plan: DrainPlan,
): Promise<{ deviceId: string; figures: DrainFigures }> {
  const folder = mkdtempSync(join(below, 'device-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const { x = '', d = '' } = privateKey.export({ format: 'jwk' });
  const { deviceId, homeId } = await service.feeder(x);
  const url = plan.url ?? service.url;
  const link = { url, device: deviceId, home: homeId, account: 'bench' };
  const key = { kty: 'OKP', crv: 'Ed25519', x, d };
  writeFileSync(join(folder, 'identity.json'), JSON.stringify({ key, hw: 'bench', link }));
  const told = { folder, ...plan, url };
  const said = await runToEnd(process.execPath, ['--expose-gc', program, JSON.stringify(told)]);
  return { deviceId, figures: JSON.parse(said) as DrainFigures };
}
