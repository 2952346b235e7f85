import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readWorld } from '../../src/hardware/station/world-file.ts';
import { DaemonProcess } from '../daemon/daemon-process.ts';
import { listenForNotifications } from './notify-listener.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-start-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function start(args: readonly string[], environment: Record<string, string> = {}): DaemonProcess {
  const daemon = new DaemonProcess({ entry: 'source', args, environment });
  ends.push(() => daemon.end('SIGKILL'));
  return daemon;
}

/** Ends a start that must fail; returns the code and what people read. */
async function refusal(args: readonly string[], environment: Record<string, string> = {}) {
  const { code, stderr } = await start(args, environment).ended();
  return { code, lines: stderr.trimEnd().split('\n') };
}

const inFolder = (folder: string) => ['run', '--port', '0', '--data-dir', join(folder, 'data')];

describe('a daemon that cannot start says one sentence and exits with its code', () => {
  it('64: a flag that does not exist', async () => {
    const { code, lines } = await refusal(['run', '--prot', '1']);
    expect(code).toBe(64);
    expect(lines[0]).toContain("'--prot'");
  });

  it('64: B-66 flags that do not exist and values that cannot be, all at once', async () => {
    const { code, lines } = await refusal(['--port', 'abc', '--bogus', '1', '--log-level']);
    expect(code).toBe(64);
    const [bogus, level, port, nothing] = lines;
    expect(bogus).toBe("There is no flag '--bogus'.");
    expect(level).toBe('--log-level needs a value.');
    expect(port).toMatch(/^--port is "abc", but /);
    expect(nothing).toBe('');
  });

  it('78: a configuration file that is not JSON', async () => {
    const file = join(makeFolder(), 'config.json');
    writeFileSync(file, '{"port": ');
    const { code, lines } = await refusal(['run', '--config', file]);
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^ERR_CONFIG: The configuration is not usable: one value/);
    expect(lines[1]).toContain(`${file} is not valid JSON`);
  });

  it('B-66 78: all wrong values at once', async () => {
    const { code, lines } = await refusal(['run', '--port', '70000'], { FEEDER_LOG_LEVEL: 'loud' });
    expect(code).toBe(78);
    expect(lines.filter((line) => /FEEDER_LOG_LEVEL|--port/.test(line))).toHaveLength(2);
  });

  it('78: a wiring that does not fit this machine, with every problem and nothing begun', async () => {
    const folder = makeFolder();
    const profile = 'device/profiles/boards/hx711-dc-motor.json';
    const { code, lines } = await refusal([...inFolder(folder), '--hardware', profile]);
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^ERR_WIRING: HX711 and DC motor cannot be used as it is wired/);
    expect(lines.some((line) => line.includes('no pin header that is known'))).toBe(true);
    expect(lines.some((line) => line.includes('dtparam=spi=on'))).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('78: a hardware profile that is not there', async () => {
    const { code, lines } = await refusal(['run'], { FEEDER_HARDWARE: '/nowhere/hardware.json' });
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^ERR_WIRING: /);
    expect(lines[1]).toContain('/nowhere/hardware.json cannot be read (ENOENT)');
  });

  it('78: an address that other machines can reach', async () => {
    const { code, lines } = await refusal(['run', '--host', '0.0.0.0']);
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^ERR_BIND_REFUSED: /);
  });

  it.each([
    [['config', 'check', '--port', '70000', '--host', '0.0.0.0']],
    [['--port', '70000', '--host', '0.0.0.0', 'config', 'check']],
  ])('78: the check of a configuration, however it is asked for (%#)', async (args) => {
    const { code, lines } = await refusal(args);
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^ERR_CONFIG: /);
    expect(lines.filter((line) => /--port|--host/.test(line))).toHaveLength(2);
  });

  it('78: a profile that does not exist', async () => {
    const { code, lines } = await refusal([...inFolder(makeFolder()), '--profile', 'nowhere.json']);
    expect(code).toBe(78);
    expect(lines[0]).toMatch(/^ERR_PROFILE: /);
  });

  it.each(['/sys/feeder', '/proc/feeder', '/dev/null/feeder'])(
    '74: a data directory that cannot be made, %s',
    async (dataDir) => {
      const { code, lines } = await refusal(['run', '--port', '0', '--data-dir', dataDir]);
      expect(code).toBe(74);
      expect(lines[0]).toMatch(/^ERR_DATA_DIR: /);
      expect(lines.length).toBeLessThanOrEqual(3);
    },
  );

  it('74: a file in the way of the data directory, which is named', async () => {
    const file = join(makeFolder(), 'data');
    writeFileSync(file, 'no directory');
    for (const dataDir of [file, join(file, 'deeper', 'down')]) {
      const { code, lines } = await refusal(['run', '--port', '0', '--data-dir', dataDir]);
      expect(code).toBe(74);
      expect(lines[0]).toBe(
        `ERR_DATA_DIR: The data directory ${dataDir} cannot be made: ${file} is there and is no directory.`,
      );
      expect(lines[1]).toContain('move that file away');
    }
  });

  it('74: an empty data directory that may not be written', async () => {
    const folder = makeFolder();
    makeReadOnly(folder);
    const { code, lines } = await refusal(['run', '--port', '0', '--data-dir', folder]);
    expect(code).toBe(74);
    expect(lines[0]).toMatch(/is there, but nothing can be made in it \(E(ROFS|ACCES)\)\.$/);
    expect(lines[1]).toContain('write permission');
    const below = join(folder, 'data');
    const missing = await refusal(['run', '--port', '0', '--data-dir', below]);
    expect(missing.code).toBe(74);
    expect(missing.lines[0]).toMatch(/data is missing and cannot be made \(E(ROFS|ACCES)\)\.$/);
  });

  it('A-48 69: a port that is taken; the motor stood all the time', async () => {
    const folder = makeFolder();
    const server = createServer();
    await new Promise<void>((listening) => {
      server.listen(0, '127.0.0.1', listening);
    });
    ends.push(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const { code, lines } = await refusal([...inFolder(folder), '--port', port]);
    expect(code).toBe(69);
    expect(lines[0]).toMatch(/^ERR_PORT_IN_USE: /);
    expect(readWorld(join(folder, 'data/simulated-world.json'))).toMatchObject({
      motorOnMs: 0,
      motor: { leftMs: 0 },
    });
  });

  it('A-07, FMEA-09 75: a second daemon on the same directory, which leaves the first alone', async () => {
    const folder = makeFolder();
    const first = start(inFolder(folder));
    const url = await first.ready();
    const { code, lines } = await refusal(inFolder(folder));
    expect(code).toBe(75);
    expect(lines[0]).toMatch(/^ERR_ALREADY_RUNNING: /);
    expect((await fetch(`${url}/api/v1/status`)).status).toBe(200);
    expect((await first.end()).code).toBe(0);
  });
});

describe('A-04 a daemon that starts', () => {
  it('FMEA-48 tells at the page and in the log that its history is gone', async () => {
    const folder = makeFolder();
    const first = start(inFolder(folder));
    await first.ready();
    await first.end();
    const data = join(folder, 'data');
    const memory = readdirSync(data).filter((name) =>
      /^(db|snapshots|plan-copy|emergency)/.test(name),
    );
    for (const name of memory) rmSync(join(data, name), { recursive: true });
    const second = start(inFolder(folder));
    const { storage, alerts } = await status(await second.ready());
    expect(storage.why).toContain('The database is missing.');
    expect(alerts).toMatchObject([{ alert: 'history_lost' }]);
    expect(alerts[0]?.why).toContain('entries from 1 are lost');
    await second.end();
    const third = start(inFolder(folder));
    expect((await status(await third.ready())).alerts).toMatchObject([{ alert: 'history_lost' }]);
    await third.end();
  });

  it('FMEA-48 puts a destroyed database aside, begins again and says so', async () => {
    const folder = makeFolder();
    const first = start(inFolder(folder));
    await first.ready();
    await first.end();
    const database = join(folder, 'data/db');
    for (const name of readdirSync(database)) writeFileSync(join(database, name), 'no database');
    const second = start(inFolder(folder));
    const { storage, motorOn } = await status(await second.ready());
    expect(storage.why).toContain('damaged');
    expect(motorOn).toBe(false);
    expect(readdirSync(join(folder, 'data/damaged'))).toHaveLength(1);
    const told = (await second.end()).stdout
      .split('\n')
      .filter((line) => line.includes('The database was damaged and has been restored: '));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? '')).toMatchObject({
      level: 'warn',
      source: 'none',
      keptAside: join(folder, 'data/damaged/000001'),
      entriesSalvaged: 0,
      lostFromSeq: 1,
    });
  });

  it('FMEA-49 runs on a used data directory that became read-only, and says so', async () => {
    const folder = makeFolder();
    const first = start(inFolder(folder));
    const pet = await post(await first.ready(), '/pets', { name: 'Minka' });
    expect(pet.status).toBe(201);
    await first.end();
    makeReadOnly(join(folder, 'data'));
    const second = start(inFolder(folder));
    const url = await second.ready();
    const { storage, motorOn } = await status(url);
    expect(storage.why).toMatch(/read-?only/i);
    expect(motorOn).toBe(false);
    const pets = await fetch(`${url}/api/v1/pets`);
    expect(JSON.stringify(await pets.json())).toContain('Minka');
    expect((await post(url, '/pets', { name: 'Second' })).status).toBe(503);
    await until(async () => second.output.includes('simulated-world.json cannot be written'));
    const { code, stdout } = await second.end();
    expect(code).toBe(0);
    expect(stdout.match(/simulated-world\.json cannot be written/g)).toHaveLength(1);
    expect(stdout).not.toContain('ERR_INTERNAL');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with 0 on %s', async (signal) => {
    const daemon = start(inFolder(makeFolder()));
    await daemon.ready();
    const { code, stderr } = await daemon.end(signal);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('FMEA-10 stops the motor on SIGTERM in a feeding and records what was served', async () => {
    const folder = makeFolder();
    const first = start([...inFolder(folder), '--simulation-speed', '5']);
    const firstUrl = await first.ready();
    const posted = await feed(firstUrl, 'stopped-in-the-middle', 30);
    await until(async () => (await status(firstUrl)).motorOn);
    expect((await first.end()).code).toBe(0);
    const world = readWorld(join(folder, 'data/simulated-world.json'));
    expect(world?.motor.leftMs).toBe(0);
    const second = await start(inFolder(folder)).ready();
    const closed = await feeding(second, posted.id);
    expect(closed).toMatchObject({ state: 'done', result: 'cancelled' });
    expect(closed.dose?.lowGrams).toBeLessThanOrEqual(world?.landedGrams ?? 0);
    expect(closed.dose?.highGrams).toBeGreaterThanOrEqual(world?.landedGrams ?? 0);
  });

  it('tells the service manager that it is ready, alive and stopping', async () => {
    const folder = makeFolder();
    const socket = join(folder, 'notify');
    const manager = listenForNotifications(socket);
    await manager.listening;
    const daemon = new DaemonProcess({
      entry: 'source',
      args: inFolder(folder),
      environment: { NOTIFY_SOCKET: socket },
      isNotifying: true,
    });
    ends.push(() => daemon.end('SIGKILL'));
    const url = await daemon.ready();
    // Ready means ready: the scale has spoken by then.
    expect((await fetch(`${url}/api/v1/health/ready`)).status).toBe(200);
    await daemon.end();
    const words = await manager.words();
    expect(words[0]).toBe('WATCHDOG=1');
    expect(words[1]).toMatch(/^READY=1 STATUS=Listening on http:/);
    expect(words.at(-1)).toMatch(/^STOPPING=1 STATUS=/);
  });
});

/** Until the test ends: by a mount where this may mount, by permissions where those bind us. */
function makeReadOnly(folder: string): void {
  if (process.getuid?.() === 0) {
    execFileSync('mount', ['--bind', folder, folder]);
    ends.push(() => execFileSync('umount', [folder]));
    execFileSync('mount', ['-o', 'remount,ro,bind', folder]);
    return;
  }
  execFileSync('chmod', ['-R', 'a-w', folder]);
  ends.push(() => execFileSync('chmod', ['-R', 'u+w', folder]));
}

async function post(url: string, path: string, body: object): Promise<Response> {
  return fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

type FeedingView = {
  id: string;
  state: string;
  result: string | null;
  dose: { lowGrams: number; highGrams: number } | null;
};

async function status(url: string) {
  const answer = await fetch(`${url}/api/v1/status`);
  return (
    (await answer.json()) as {
      data: {
        storage: { why: string };
        alerts: { alert: string; why: string }[];
        motorOn: boolean;
      };
    }
  ).data;
}

async function feed(url: string, requestId: string, portionGrams: number): Promise<FeedingView> {
  const answer = await post(url, '/feedings', { requestId, portionGrams });
  const { data } = (await answer.json()) as { data: FeedingView };
  expect(answer.status).toBe(202);
  return data;
}

async function feeding(url: string, id: string): Promise<FeedingView> {
  const answer = await fetch(`${url}/api/v1/feedings/${id}`);
  return ((await answer.json()) as { data: FeedingView }).data;
}

/** Asks again and again, for at most ten seconds. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('It did not happen within ten seconds.');
    await new Promise((done) => setTimeout(done, 50));
  }
}
