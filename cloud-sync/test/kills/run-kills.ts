import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programFlags } from '../../../device/src/platform/program-flags.ts';
import { buildBundle } from '../../../device/test/daemon/daemon-process.ts';
import { runCampaign } from './campaign.ts';

/*
 * Kills daemons, nodes of the service, MariaDB, Redis and Mosquitto with SIGKILL while people feed
 * and edit on both sides over a wire that fails in every way, then lets all of it come to rest and
 * holds both databases against the invariants of docs/sync-protocol.md, by SQL.
 */

const options = programFlags({
  json: { type: 'boolean' },
  kills: { type: 'number', default: 500 },
  seed: { type: 'number', default: Date.now() % 100_000, min: 0 },
  feeders: { type: 'number', default: 3, max: 10 },
  /** `bundle` as shipped, built first; or the sources as they are. */
  from: { type: 'string', default: 'bundle' },
  /** Keeps databases and logs in a folder that is named at the end. */
  keep: { type: 'boolean' },
});

const say = (line: string) => {
  if (!options.json) console.log(line);
};
const entry = options.from === 'source' ? 'source' : 'bundle';
if (entry === 'bundle') buildBundle();
const folder = mkdtempSync(join(tmpdir(), 'feeder-kills-'));
say(`seed ${options.seed}`);
try {
  const { kills, seed, feeders } = options;
  const report = await runCampaign({ folder, kills, seed, feeders, entry, say });
  for (const violation of report.violations) console.error(violation);
  const total = Object.values(report.kills).reduce((sum, count) => sum + count, 0);
  const { seconds, settledSeconds, violations, seen: _, ...figures } = report;
  const rounded = { seconds: Math.round(seconds), settledSeconds: Math.round(settledSeconds) };
  console.log(
    JSON.stringify({ killed: total, violations: violations.length, ...figures, ...rounded }),
  );
  process.exitCode = violations.length > 0 || total !== kills ? 1 : 0;
} finally {
  if (options.keep) console.error(`Kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
