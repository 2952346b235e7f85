import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownServer } from './mariadb.ts';
import { freePort, type OwnProcess, runToEnd, startProcess, untilReady } from './own-process.ts';
import type { OwnServer } from './own-servers.ts';

const READY_MS = 60_000;
/** The key that the tests and scripts/cloud-dev sign with. */
export const RGW_KEY = { accessKeyId: 'feederdev', secretAccessKey: 'feederdevsecret' } as const;

/**
 * The gateway of Ceph, a real S3 server, with the one monitor and the one store that it needs; its
 * rules for objects may count days as seconds. Its
 * objects are in memory, so a restart of the gateway alone keeps them, and a new start has none.
 */
export async function startRgw(folder: string, daySeconds?: number): Promise<OwnServer> {
  const dir = join(folder, `rgw-${crypto.randomUUID().slice(0, 8)}`);
  for (const name of ['mon', 'osd', 'rgw', 'run', 'log']) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  const port = await freePort();
  const ceph = await new Ceph({ dir, port, daySeconds }).begin();
  const plan = { name: 'rgw', logPath: join(dir, 'log/rgw.out'), timeoutMs: READY_MS };
  const gateway = await ownServer(`http://127.0.0.1:${port}`, async () => {
    const args = ['-n', 'client.rgw', '-f'];
    const process = startProcess({ ...plan, command: 'radosgw', args, env: ceph.env });
    await untilReady(process, plan, async () => (await fetch(`http://127.0.0.1:${port}`)).ok);
    return process;
  });
  await ceph.run('radosgw-admin', [
    ...['-n', 'client.rgw', 'user', 'create', '--uid=dev', '--display-name=dev'],
    ...[`--access-key=${RGW_KEY.accessKeyId}`, `--secret-key=${RGW_KEY.secretAccessKey}`],
  ]);
  return {
    ...gateway,
    // The gateway first: without its monitor it does not listen to signals.
    stop: async () => {
      await gateway.stop();
      await ceph.end();
    },
  };
}

/** What stands behind the gateway. */
class Ceph {
  readonly #dir: string;
  readonly #port: number;
  readonly #daySeconds: number | undefined;
  readonly #processes: OwnProcess[] = [];
  readonly env: Readonly<Record<string, string>>;

  constructor(parts: { dir: string; port: number; daySeconds: number | undefined }) {
    this.#dir = parts.dir;
    this.#port = parts.port;
    this.#daySeconds = parts.daySeconds;
    this.env = { CEPH_CONF: this.#at('ceph.conf') };
  }

  run(command: string, args: readonly string[]): Promise<string> {
    return runToEnd(command, args, this.env);
  }

  async begin(): Promise<this> {
    const fsid = crypto.randomUUID();
    const [v2, v1] = [await freePort(), await freePort()];
    writeFileSync(this.#at('ceph.conf'), this.#config({ fsid, v1, v2 }));
    await this.#makeKeys();
    const address = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
    const map = ['--create', '--clobber', '--addv', 'a', address, '--fsid', fsid];
    await this.run('monmaptool', [...map, this.#at('monmap')]);
    const fresh = ['--monmap', this.#at('monmap'), '--keyring', this.#at('keyring')];
    await this.run('ceph-mon', ['--mkfs', '-i', 'a', ...fresh]);
    this.#start('ceph-mon', ['-i', 'a', '-f']);
    // The same name in both, or the monitor does not know the store.
    const uuid = crypto.randomUUID();
    await this.run('ceph', ['--connect-timeout', '20', 'osd', 'create', uuid]);
    await this.run('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', uuid]);
    const osd = this.#start('ceph-osd', ['-i', '0', '-f']);
    const plan = { name: 'ceph-osd', logPath: this.#at('log/ceph-osd.out'), timeoutMs: READY_MS };
    await untilReady(osd, plan, async () =>
      (await this.run('ceph', ['osd', 'stat'])).includes('1 up'),
    );
    return this;
  }

  /** The store before the monitor. */
  async end(): Promise<void> {
    for (const process of this.#processes.toReversed()) await process.stop();
  }

  #start(command: string, args: readonly string[]): OwnProcess {
    const logPath = this.#at(`log/${command}.out`);
    const started = startProcess({ name: command, logPath, command, args, env: this.env });
    this.#processes.push(started);
    return started;
  }

  async #makeKeys(): Promise<void> {
    const keyring = this.#at('keyring');
    if (existsSync(keyring)) return;
    const key = (...args: string[]) => this.run('ceph-authtool', [keyring, ...args]);
    const all = (...parts: string[]) => parts.flatMap((part) => ['--cap', part, 'allow *']);
    await key('--create-keyring', '--gen-key', '-n', 'mon.', ...all('mon'));
    await key('--gen-key', '-n', 'client.admin', ...all('mon', 'osd', 'mgr'));
    await key('--gen-key', '-n', 'client.rgw', ...all('mon', 'osd'));
    await key('--gen-key', '-n', 'osd.0', '--cap', 'mon', 'allow profile osd', ...all('osd'));
  }

  #at(name: string): string {
    return join(this.#dir, name);
  }

  /** Without a cache: one that was killed would be asked to forget for half a minute. */
  #config({ fsid, v1, v2 }: { fsid: string; v1: number; v2: number }): string {
    const dir = this.#dir;
    return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
public network = 127.0.0.0/8
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
mon allow pool size one = true
mon max pg per osd = 1000
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
ms bind ipv6 = false
ms bind port min = 13400
ms bind port max = 13499
paxos propose interval = 0.05
paxos min wait = 0.01
mon tick interval = 1
osd heartbeat interval = 2
run dir = ${dir}/run
admin socket = ${dir}/run/$name.$pid.asok
log file = ${dir}/log/$name.log
mon data = ${dir}/mon
osd data = ${dir}/osd
keyring = ${dir}/keyring
[client.rgw]
rgw data = ${dir}/rgw
rgw cache enabled = false
rgw frontends = beast endpoint=127.0.0.1:${this.#port}
${this.#daySeconds === undefined ? '' : `rgw lc debug interval = ${this.#daySeconds}`}
`;
  }
}
