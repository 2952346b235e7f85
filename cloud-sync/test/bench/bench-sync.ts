import { inspect } from 'node:util';
import { programFlags } from '../../../device/src/platform/program-flags.ts';
import { BenchRig } from './bench-rig.ts';
import { devicePart } from './device-part.ts';
import { feedNowPart } from './feed-now-part.ts';
import { ingestPart } from './ingest-part.ts';
import { jitterPart } from './jitter-part.ts';
import { rivalsPart } from './rivals/rivals-part.ts';
import { stormPart } from './storm-part.ts';

/*
 * What the link costs and how fast it is, on real servers. Each part can be run by itself; the one that
 * needs packages which nobody else does installs them for itself, and is only run on wish.
 */

const usual: Readonly<Record<string, (rig: BenchRig) => Promise<object>>> = {
  ingest: ingestPart,
  device: devicePart,
  'feed-now': feedNowPart,
  jitter: jitterPart,
  storm: stormPart(10_000),
};

const options = programFlags({
  json: { type: 'boolean' },
  parts: { type: 'string', default: Object.keys(usual).join(',') },
  rivals: { type: 'boolean' },
  seed: { type: 'number', default: 1 },
});
const parts: typeof usual = { ...usual, rivals: rivalsPart(options.seed) };
const wanted = [...options.parts.split(','), ...(options.rivals ? ['rivals'] : [])];
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`,
  );
  process.exit(2);
}
let report: object = {};
const rig = await BenchRig.start();
try {
  for (const name of wanted) {
    const beganMs = performance.now();
    const found = (await parts[name]?.(rig)) ?? {};
    report = { ...report, ...found };
    if (options.json) continue;
    const seconds = Math.round((performance.now() - beganMs) / 1000);
    console.log(`${name}, ${seconds} s:`, inspect(found, { depth: null }));
  }
} finally {
  await rig.stop();
}
if (options.json) console.log(JSON.stringify(report));
