import { programFlags } from '../../../device/src/platform/program-flags.ts';
import { BenchRig } from './bench-rig.ts';
import { devicePart } from './device-part.ts';
import { feedNowPart } from './feed-now-part.ts';
import { ingestPart } from './ingest-part.ts';
import { stormPart } from './storm-part.ts';

/* What the link costs and how fast it is, on real servers. Each part can be run by itself. */

const parts: Readonly<Record<string, (rig: BenchRig) => Promise<object>>> = {
  ingest: ingestPart,
  device: devicePart,
  'feed-now': feedNowPart,
  storm: stormPart(10_000),
};
const all = Object.keys(parts);

const options = programFlags({
  json: { type: 'boolean' },
  parts: { type: 'string', default: all.join(',') },
});
const wanted = options.parts.split(',');
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${all.join(', ')}.`);
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
    console.log(`${name}, ${Math.round((performance.now() - beganMs) / 1000)} s:`, found);
  }
} finally {
  await rig.stop();
}
if (options.json) console.log(JSON.stringify(report));
