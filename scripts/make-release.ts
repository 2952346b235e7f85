import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import packageJson from '../device/package.json' with { type: 'json' };
import { programFlags, USAGE_EXIT } from '../device/src/platform/program-flags.ts';
import { newestSchema } from '../device/src/storage/migrations.ts';
import {
  type Arch,
  arches,
  MANIFEST_FILE,
  SIGNATURE_FILE,
  sha256Hex,
  signManifest,
  type Tarball,
} from './release-manifest.ts';

const root = resolve(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

const USAGE = `Usage: scripts/release [OPTION...]
Builds the tarballs that are installed on feeders, their sums, and a signed description.
  --arch LIST      arm64,x64 (default: both)
  --out DIR        default: dist/release
  --key FILE       private key (PEM, Ed25519) that signs; without it updates are impossible
  --new-key FILE   makes such a key, once, and ends; keep it offline, it cannot be replaced
`;

/** Loads every binary of a release; the last word proves that it came so far. */
const SMOKE = `
const { default: Database } = await import('better-sqlite3');
if (new Database(':memory:').prepare('SELECT 1').pluck().get() !== 1) throw new Error('SQLite');
await import('serialport');
(await import('@cat-feeder/board-io')).loadBoardIo();
process.stdout.write('sound');
`;

/** Packages that cannot be bundled: they load a binary. They are shipped with what they need. */
const nativePackages = ['better-sqlite3', '@cat-feeder/board-io', 'serialport'];
/** What no program reads at run time; the second only in packages that bring a binary. */
const leftOut = /(^|\/)(test|tests|\.github|node-addon-api)$|\.(md|map|d\.ts|d\.mts|test\.ts)$/;
const binarySources = /^(deps|src|build|include|fake|compile|smoke\.mjs|binding\.gyp)$/;
const foreignPrebuild = /(darwin|win32|android|musl|armv[67]|linux-arm([./]|$)|ia32|freebsd)/;

export interface TreeOptions {
  readonly arch: Arch;
  readonly version: string;
  readonly schema: number;
  /** PEM of the key that the next update must be signed with; null: no updates. */
  readonly publicKeyPem: string | null;
}

/** What is common to every release: scripts, units, documents, and its own description. */
export function writeFrame(tree: string, options: TreeOptions): void {
  for (const name of readdirSync(join(root, 'systemd'))) copy(`systemd/${name}`, tree);
  for (const name of readdirSync(join(root, 'scripts'))) {
    if (name.endsWith('.sh')) copy(`scripts/${name}`, tree);
  }
  for (const name of readdirSync(join(root, 'docs'))) {
    if (name.endsWith('.md')) copy(`docs/${name}`, tree);
  }
  for (const build of readdirSync(join(root, 'docs/images'))) {
    if (build.endsWith('.svg')) copy(`docs/images/${build}`, tree);
  }
  copy('docs/coprocessor', tree);
  for (const name of ['LICENSE', 'CHANGELOG.md', 'device/profiles/boards']) copy(name, tree);
  const { arch, version, schema, publicKeyPem } = options;
  if (publicKeyPem !== null) writeFileSync(join(tree, 'update-key.pem'), publicKeyPem);
  writeFileSync(
    join(tree, 'release.json'),
    `${JSON.stringify({ name: 'cat-feeder', version, arch, schema }, null, 2)}\n`,
  );
}

function copy(path: string, tree: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  cpSync(join(root, path), join(tree, path), { recursive: true });
}

/** The programs and the page, Node.js, and the native packages of one architecture. */
export function writePrograms(tree: string, arch: Arch): void {
  const built = join(root, 'dist/device');
  for (const name of readdirSync(built)) {
    if (!name.endsWith('.map')) cpSync(join(built, name), join(tree, name), { recursive: true });
  }
  mkdirSync(join(tree, 'bin'));
  writeFileSync(join(tree, 'bin/feeder'), FEEDER_COMMAND, { mode: 0o755 });
  cpSync(nodeBinary(arch), join(tree, 'bin/node'));
  chmodSync(join(tree, 'bin/node'), 0o755);
  const done = new Set<string>();
  for (const name of nativePackages)
    copyPackage(name, { tree, arch, done, from: join(root, 'device') });
}

/** The program `feeder` of an installed release. */
export const FEEDER_COMMAND = `#!/bin/sh
# The feeder's command line, with the Node.js that it was released with. The service's settings are
# its own, too: doctor and config check speak of the feeder that runs here. What is set already wins.
settings=/etc/cat-feeder/environment
if [ -r "$settings" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    name=\${line%%=*}
    value=\${line#*=}
    case $name in FEEDER_*) ;; *) continue ;; esac
    case $name in *[!A-Z_]*) continue ;; esac
    case $value in '"'*'"') value=\${value#?} && value=\${value%?} ;; esac
    printenv "$name" >/dev/null || export "$name=$value"
  done <"$settings"
fi
exec /opt/cat-feeder/current/bin/node /opt/cat-feeder/current/feeder.mjs "$@"
`;

interface PackageCopy {
  readonly tree: string;
  readonly arch: Arch;
  readonly done: Set<string>;
  readonly from: string;
}

/** Runs the release's own Node.js with its own packages: natively, else by qemu, else not at all. */
function smokeTest(tree: string, arch: Arch): string {
  const emulator = arch === process.arch ? [] : ['qemu-aarch64-static', ...emulatedLibraries()];
  const [program = '', ...args] = [...emulator, join(tree, 'bin/node')];
  const script = join(tree, 'smoke.mjs');
  writeFileSync(script, SMOKE);
  const { stdout, error, stderr } = spawnSync(program, [...args, script], { encoding: 'utf8' });
  rmSync(script);
  if (error !== undefined && arch !== process.arch) return 'not run here (no qemu-aarch64-static)';
  if (stdout !== 'sound') throw new Error(`The ${arch} release does not load: ${stderr}`);
  return 'its binaries load';
}

function emulatedLibraries(): string[] {
  const libraries = process.env['FEEDER_ARM64_LIBRARIES'] ?? '/usr/aarch64-linux-gnu';
  return existsSync(libraries) ? ['-L', libraries] : [];
}

/** A package, without what only its build needs, and the packages that it depends on. */
function copyPackage(name: string, { tree, arch, done, from }: PackageCopy): void {
  const source = findPackage(name, from);
  if (source === null || done.has(name)) return;
  done.add(name);
  const target = join(tree, 'node_modules', name);
  const hasBinary = existsSync(join(source, 'prebuilds'));
  const filter = (path: string) => {
    const inside = relative(source, path);
    return isShipped(inside, arch) && !(hasBinary && binarySources.test(inside));
  };
  cpSync(source, target, { recursive: true, dereference: true, filter });
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    // Headers are needed only to compile; nested packages have been copied along.
    const isNested = existsSync(join(source, 'node_modules', dependency));
    if (dependency !== 'node-addon-api' && !isNested) {
      copyPackage(dependency, { tree, arch, done, from: source });
    }
  }
}

function findPackage(name: string, from: string): string | null {
  for (const place of require.resolve.paths(name) ?? []) {
    if (existsSync(join(place, name, 'package.json'))) return join(place, name);
  }
  const own = join(from, 'node_modules', name);
  return existsSync(join(own, 'package.json')) ? own : null;
}

function isShipped(path: string, arch: Arch): boolean {
  if (path === '') return true;
  if (leftOut.test(path)) return false;
  if (!path.startsWith('prebuilds')) return true;
  const other = arch === 'x64' ? 'arm64' : 'x64';
  return !foreignPrebuild.test(path) && !path.includes(other);
}

/** Node.js of an architecture: installed here, or fetched once and checked against the lock file. */
function nodeBinary(arch: Arch): string {
  const name = `node-linux-${arch}`;
  const installed = join(root, 'node_modules', name, 'bin/node');
  if (existsSync(installed)) return installed;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  const entry = lock.packages[`node_modules/${name}`];
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`);
  const cache = join(root, 'var/release-cache', `${name}-${entry.version}`);
  const binary = join(cache, 'package/bin/node');
  if (existsSync(binary)) return binary;
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  console.log(`Fetching ${name}@${entry.version}`);
  run('npm', ['pack', '--silent', `${name}@${entry.version}`], cache);
  const [tarball = ''] = readdirSync(cache);
  const [kind = '', wanted] = entry.integrity.split('-');
  const sum = createHash(kind)
    .update(readFileSync(join(cache, tarball)))
    .digest('base64');
  if (sum !== wanted) {
    rmSync(cache, { recursive: true });
    throw new Error(`${name} is not what package-lock.json promises`);
  }
  run('tar', ['-xzf', tarball, 'package/bin/node'], cache);
  rmSync(join(cache, tarball));
  return binary;
}

/** Sums of all files, then one tarball that is the same whenever and wherever it is made. */
export function packTree(tree: string, out: string, { arch, version }: TreeOptions): Tarball {
  rmSync(join(tree, 'SHA256SUMS'), { force: true });
  normalise(tree);
  const sums = filesBelow(tree).map((path) => {
    return `${sha256Hex(readFileSync(join(tree, path)))}  ${path}\n`;
  });
  writeFileSync(join(tree, 'SHA256SUMS'), sums.join(''));
  chmodSync(join(tree, 'SHA256SUMS'), 0o644);
  const name = `cat-feeder-${version}-linux-${arch}`;
  const path = join(out, `${name}.tar.gz`);
  mkdirSync(out, { recursive: true });
  run('bash', [
    '-c',
    `set -o pipefail; tar -C "$1" --transform "s|^\\.|$2|" --sort=name --format=gnu --mtime=@$3 \
      --owner=0 --group=0 --numeric-owner -cf - . | gzip -n -6 >"$4"`,
    ...['pack', tree, name, sourceDate(), path],
  ]);
  const bytes = readFileSync(path);
  return { arch, file: `${name}.tar.gz`, bytes: bytes.length, sha256: sha256Hex(bytes) };
}

/** The modes of a release do not depend on who checked the sources out. */
function normalise(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) normalise(path);
    else chmodSync(path, (statSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

function filesBelow(tree: string): string[] {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
    .sort();
}

/** Seconds: SOURCE_DATE_EPOCH, else when the sources were committed, else a fixed day. */
function sourceDate(): string {
  const given = process.env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && /^\d+$/.test(given)) return given;
  try {
    return run('git', ['log', '-1', '--format=%ct']).trim();
  } catch {
    return '1793491200'; // 2026-11-01, for sources without their history.
  }
}

export interface PublishOptions {
  readonly out: string;
  readonly version: string;
  readonly schema: number;
  readonly tarballs: readonly Tarball[];
  readonly privateKeyPem: string | null;
}

/** Writes the description, its signature and SHA256SUMS beside the tarballs. */
export function publish({ out, version, schema, tarballs, privateKeyPem }: PublishOptions): void {
  const manifest = Buffer.from(
    `${JSON.stringify({ format: 1, name: 'cat-feeder', version, schema, tarballs }, null, 2)}\n`,
  );
  writeFileSync(join(out, MANIFEST_FILE), manifest);
  rmSync(join(out, SIGNATURE_FILE), { force: true });
  if (privateKeyPem !== null) {
    writeFileSync(join(out, SIGNATURE_FILE), `${signManifest(manifest, privateKeyPem)}\n`);
    writeFileSync(join(out, 'update-key.pem'), publicKeyOf(privateKeyPem));
  }
  const sums = [...tarballs.map(({ sha256, file }) => `${sha256}  ${file}\n`)];
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''));
}

export function publicKeyOf(privateKeyPem: string): string {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('The key is not an Ed25519 key');
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

export function makeKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
    mode: 0o600,
    flag: 'wx',
  });
}

function run(program: string, args: readonly string[], cwd = root): string {
  return execFileSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });
}

function makeRelease(options: { archs: readonly Arch[]; out: string; key: string | null }): void {
  const { version } = packageJson;
  const privateKeyPem = options.key === null ? null : readFileSync(options.key, 'utf8');
  const publicKeyPem = privateKeyPem === null ? null : publicKeyOf(privateKeyPem);
  const tarballs = options.archs.map((arch) => {
    const tree = mkdtempSync(join(tmpdir(), 'feeder-release-'));
    try {
      const treeOptions = { arch, version, schema: newestSchema, publicKeyPem };
      writeFrame(tree, treeOptions);
      writePrograms(tree, arch);
      const smoke = smokeTest(tree, arch);
      const tarball = packTree(tree, options.out, treeOptions);
      console.log(
        `${tarball.sha256}  ${tarball.file}  ${Math.ceil(tarball.bytes / 1e6)} MB, ${smoke}`,
      );
      return tarball;
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
  });
  publish({ out: options.out, version, schema: newestSchema, tarballs, privateKeyPem });
  if (privateKeyPem === null)
    console.log('Not signed (no --key): it can be installed by hand only.');
}

function main(): void {
  const values = programFlags({
    arch: { type: 'string', default: arches.join(',') },
    out: { type: 'string', default: join(root, 'dist/release') },
    key: { type: 'string' },
    'new-key': { type: 'string' },
    help: { type: 'boolean' },
  });
  const archs = arches.filter((arch) => values.arch.split(',').includes(arch));
  if (values.help || archs.length !== values.arch.split(',').length) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : USAGE_EXIT;
  } else if (values['new-key'] !== undefined) {
    makeKey(values['new-key']);
    console.log(`The private key is in ${values['new-key']}. Keep it safe and offline.`);
  } else {
    makeRelease({ archs, out: resolve(values.out), key: values.key ?? null });
  }
}

if (import.meta.main) main();
