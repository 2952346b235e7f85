import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from '../../device/package.json' with { type: 'json' };
import { newestSchema } from '../../device/src/storage/migrations.ts';
import {
  makeKey,
  packTree,
  publicKeyOf,
  publish,
  writeFrame,
  writePrograms,
} from '../make-release.ts';
import { type Arch, MANIFEST_FILE, SIGNATURE_FILE, signManifest } from '../release-manifest.ts';

/**
 * Releases of the real daemon for scripts/test-systemd, below the directory in the argument:
 * `tree` (this version, unpacked), `good` and `bad` (offers of newer versions; the daemon of the
 * second ends at once), `forged` (an offer signed by a stranger). Run after `npm run build`.
 */
const [out = 'var/test-systemd'] = process.argv.slice(2);
const arch = process.arch as Arch;
const { version } = packageJson;
const schema = newestSchema;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const keyOf = (name: string) => {
  makeKey(join(out, name));
  return readFileSync(join(out, name), 'utf8');
};
const key = keyOf('key.pem');
const options = { arch, version, schema, publicKeyPem: publicKeyOf(key) };
const tree = resolve(out, 'tree');
mkdirSync(tree);
writeFrame(tree, options);
writePrograms(tree, arch);
packTree(tree, join(out, 'first'), options);

/** The same programs under another version; `change` edits the daemon. */
function offer(name: string, newer: string, change: (daemon: string) => string): void {
  const copy = resolve(out, `tree-${newer}`);
  cpSync(tree, copy, { recursive: true });
  writeFrame(copy, { ...options, version: newer });
  const daemon = readFileSync(join(copy, 'feeder.mjs'), 'utf8');
  const renamed = daemon.replaceAll(`version:"${version}"`, `version:"${newer}"`);
  if (renamed === daemon) throw new Error('The bundle does not say its version as expected');
  writeFileSync(join(copy, 'feeder.mjs'), change(renamed));
  const tarball = packTree(copy, join(out, name), { ...options, version: newer });
  publish({
    out: join(out, name),
    version: newer,
    schema,
    tarballs: [tarball],
    privateKeyPem: key,
  });
  rmSync(copy, { recursive: true });
}

offer('good', '7.1.0', (daemon) => daemon);
offer('bad', '7.2.0', (daemon) => {
  return `if (process.argv[2] === 'run') process.exit(70);\n${daemon}`;
});
cpSync(join(out, 'bad'), join(out, 'forged'), { recursive: true });
const manifest = readFileSync(join(out, 'forged', MANIFEST_FILE));
writeFileSync(join(out, 'forged', SIGNATURE_FILE), signManifest(manifest, keyOf('stranger.pem')));
