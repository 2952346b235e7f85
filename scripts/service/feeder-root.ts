import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { packTree, publicKeyOf, publish, writeFrame } from '../make-release.ts';
import { type Arch, MANIFEST_FILE } from '../release-manifest.ts';

const repository = resolve(import.meta.dirname, '../..');
const arch = process.arch as Arch;

/** Bundled once: the scripts call it often. Lies in the repository, beside its native package. */
const tool = join(repository, `dist/test/release-tool-${process.pid}.mjs`);
function bundleTool(): void {
  if (existsSync(tool)) return;
  esbuild.buildSync({
    entryPoints: [join(repository, 'scripts/release-tool.ts')],
    outfile: tool,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['better-sqlite3'],
  });
  process.once('exit', () => rmSync(tool, { force: true }));
}

/** What the daemon of a made-up release does when it is started. */
export type Behaviour = 'ready' | 'crashes' | 'never-ready';

export interface TinyRelease {
  readonly version: string;
  readonly behaviour?: Behaviour;
  readonly schema?: number;
}

/**
 * A machine without systemd: an empty root, tiny releases whose "Node.js" is a copy of bash and
 * whose daemon is a few lines, and a stand-in for systemctl. Everything else is the real scripts.
 */
export class FeederRoot {
  readonly work = mkdtempSync(join(tmpdir(), 'feeder-root-'));
  readonly root = join(this.work, 'root');
  readonly key = join(this.work, 'key.pem');
  readonly #bin = join(this.work, 'bin');

  constructor(options: { readonly isManaged: boolean }) {
    bundleTool();
    mkdirSync(this.root);
    mkdirSync(this.#bin);
    cpSync(join(repository, 'scripts/service/fake-systemctl'), join(this.#bin, 'systemctl'));
    if (options.isManaged) mkdirSync(join(this.root, 'run/systemd/system'), { recursive: true });
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', this.key]);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** The permissions of a file, as `600`. */
  modeOf(name: string): string {
    return (lstatSync(this.path(name)).mode & 0o777).toString(8);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** An unpacked release. */
  tree(release: TinyRelease): string {
    const tree = join(this.work, `tree-${release.version}`);
    rmSync(tree, { recursive: true, force: true });
    const { version, schema = 1 } = release;
    mkdirSync(join(tree, 'bin'), { recursive: true });
    writeFrame(tree, { arch, version, schema, publicKeyPem: publicKeyOf(this.#pem()) });
    cpSync('/bin/bash', join(tree, 'bin/node'), { dereference: true });
    writeFileSync(join(tree, 'bin/feeder'), '#!/bin/sh\n', { mode: 0o755 });
    chmodSync(join(tree, 'bin/node'), 0o755);
    writeFileSync(join(tree, 'feeder.mjs'), daemonOf(release));
    writeFileSync(join(tree, 'release-tool.mjs'), `exec '${process.execPath}' '${tool}' "$@"\n`);
    packTree(tree, join(this.work, 'packed'), { arch, version, schema, publicKeyPem: null });
    return tree;
  }

  /** A directory as it lies on an update server. */
  offer(release: TinyRelease, key = this.key): string {
    const out = join(this.work, `offer-${release.version}`);
    rmSync(out, { recursive: true, force: true });
    const { version, schema = 1 } = release;
    const options = { arch, version, schema, publicKeyPem: null };
    const tarball = packTree(this.tree(release), out, options);
    const privateKeyPem = readFileSync(key, 'utf8');
    publish({ out, version, schema, tarballs: [tarball], privateKeyPem });
    return out;
  }

  #pem(): string {
    return readFileSync(this.key, 'utf8');
  }

  run(script: string, args: readonly string[] = [], environment: Record<string, string> = {}): Ran {
    const installed = join(this.root, 'opt/cat-feeder/current/scripts', script);
    return this.exec(installed, ['--root', this.root, ...args], environment);
  }

  install(tree: string, args: readonly string[] = []): Ran {
    return this.exec(join(tree, 'scripts/install.sh'), ['--root', this.root, '--any-os', ...args]);
  }

  /** Runs a script in its own process group, with the stand-in for systemctl in front. */
  exec(program: string, args: readonly string[], environment: Record<string, string> = {}): Ran {
    const ended = spawnSync('setsid', ['--wait', program, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
      env: {
        PATH: `${this.#bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
        FEEDER_TEST_ROOT: this.root,
        FEEDER_READY_WITHIN_S: '6',
        FEEDER_STEADY_S: '0',
        FEEDER_GAP_WITHIN_S: '1',
        ...environment,
      },
    });
    return { status: ended.status, out: ended.stdout, err: ended.stderr };
  }

  /** What the running daemon answers at /api/v1/NAME from now on. */
  answers(name: string, data: unknown): void {
    mkdirSync(this.path('run/fake/api'), { recursive: true });
    writeFileSync(this.path(`run/fake/api/${name}`), JSON.stringify(data));
  }

  /** A program that goes before the machine's own of that name. */
  standIn(name: string, script: string): void {
    writeFileSync(join(this.#bin, name), script, { mode: 0o755 });
  }

  systemctl(...args: readonly string[]): Ran {
    return this.exec(join(this.#bin, 'systemctl'), args);
  }

  /** The release in use, by the link. */
  current(): string {
    return readlinkSync(this.path('opt/cat-feeder/current')).replace('releases/', '');
  }

  /** The release that the daemon runs on. */
  running(): string | null {
    const pid = this.systemctl('show', '-P', 'MainPID', 'cat-feeder.service').out.trim();
    if (pid === '0') return null;
    return /releases\/([^/]+)\//.exec(readlinkSync(`/proc/${pid}/exe`))?.[1] ?? null;
  }

  /** Another machine in the same state; nothing runs on it yet. */
  copy(): FeederRoot {
    const other = new FeederRoot({ isManaged: false });
    execFileSync('cp', ['-a', `${this.root}/.`, other.root]);
    cpSync(this.key, other.key);
    rmSync(other.path('run/fake'), { recursive: true, force: true });
    return other;
  }

  /** A cut takes the daemon too; what was in /run is gone at the next boot. */
  losePower(): void {
    this.systemctl('stop', 'cat-feeder.service');
    rmSync(this.path('run/fake'), { recursive: true, force: true });
    rmSync(this.path('run/cat-feeder-restart'), { force: true });
  }

  /** The guard before the daemon, the daemon, the guard's timer. */
  boot(): void {
    this.run('guard.sh', ['--boot']);
    this.systemctl('start', 'cat-feeder.service');
    this.run('guard.sh');
  }

  /** Every path with its mode, size, time and target: what "changes nothing" means. */
  snapshot(): string[] {
    const lines: string[] = [];
    const walk = (directory: string) => {
      for (const name of readdirSync(directory).sort()) {
        const path = join(directory, name);
        const { mode, size, mtimeMs } = lstatSync(path);
        const isLink = lstatSync(path).isSymbolicLink();
        const target = isLink ? readlinkSync(path) : '';
        const isDirectory = lstatSync(path).isDirectory();
        lines.push([path, mode.toString(8), isDirectory ? '' : size, mtimeMs, target].join(' '));
        if (isDirectory) walk(path);
      }
    };
    walk(this.root);
    return lines;
  }

  close(): void {
    this.losePower();
    rmSync(this.work, { recursive: true, force: true });
  }

  manifestOf(offer: string): string {
    return join(offer, MANIFEST_FILE);
  }
}

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A bash script for the copy of bash that stands for Node.js. */
function daemonOf({ version, behaviour = 'ready' }: TinyRelease): string {
  // Answers as the local API does; what is in run/fake/api/NAME goes before what it says by itself.
  const server = [
    `const { readFileSync, writeFileSync } = require('node:fs');`,
    `const own = { system: { version: '${version}' }, status: { running: null, next: null, nowMs: 0 } };`,
    `const data = (name) => { try { return JSON.parse(readFileSync(process.argv[1] + '/api/' + name)); }`,
    `  catch { return own[name] ?? {}; } };`,
    `const server = require('node:http').createServer(({ url }, answer) => {`,
    `  answer.statusCode = ${behaviour === 'ready' ? 200 : 503};`,
    `  answer.end(JSON.stringify({ data: data(url.split('/').at(-1)) })); });`,
    `server.listen(0, '127.0.0.1', () => writeFileSync(process.argv[1] + '/status',`,
    `  'Listening on http://127.0.0.1:' + server.address().port));`,
  ].join(' ');
  return `[[ $1 != version ]] || { echo ${version}; exit; }
[[ $1 != config ]] || exit 0
${behaviour === 'crashes' ? 'exit 70' : ''}
'${process.execPath}' -e "${server.replaceAll('"', '\\"')}" "$FEEDER_TEST_ROOT/run/fake" &
wait
`;
}
