import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CloudView, FeederError } from '@cat-feeder/shared';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeCloud } from '../../test/contracts/fake-cloud.ts';
import { FAKE_URL, FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { fakeId, sampleFeeding } from '../../test/contracts/fake-parts.ts';
import { type FakeMachine, fakeMachine } from '../../test/support/fake-machine.ts';
import type { ApiDeps } from '../api/deps.ts';
import { parseHardware } from '../config/read-hardware.ts';
import type { Hardware } from '../config/wiring-schema.ts';
import type { CliIo } from './command.ts';
import type { Finding } from './doctor/finding.ts';
import { runCli } from './run-cli.ts';

const machines: FakeMachine[] = [];
afterEach(() => {
  for (const { folder } of machines.splice(0)) folder.end();
});

function goodMachine(): FakeMachine {
  const machine = fakeMachine();
  machines.push(machine);
  return machine;
}

async function examine(
  feeder: FakeFeeder,
  overrides: Partial<CliIo> = {},
  words: readonly string[] = [],
) {
  let out = '';
  const io: CliIo = {
    out: (text) => {
      out += text;
    },
    err: () => {},
    fetch: async (url, init) => feeder.api.app.request(url, init),
    env: {},
    feederUrl: () => FAKE_URL,
    sleep: async () => {},
    newRequestId: () => 'x',
    loadConfig: () => ({ config: {}, warnings: [], report: '' }),
    ask: async () => false,
    writeFile: () => {},
    saveNew: async () => 0,
    machine: overrides.machine ?? goodMachine(),
    ...overrides,
  };
  const code = await runCli(['doctor', ...words, '--json', '--url', FAKE_URL], io);
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] };
  return { code, ok, findings };
}

function healthy(overrides: Partial<ApiDeps> = {}): FakeFeeder {
  const feeder = new FakeFeeder({ overrides });
  feeder.settings = { ...feeder.settings, activePlanId: fakeId() };
  return feeder;
}

describe('A-66 doctor', () => {
  it('finds nothing wrong with a healthy feeder', async () => {
    const { code, ok, findings } = await examine(healthy());
    expect([code, ok]).toEqual([0, true]);
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'daemon',
      'storage',
      'disk space',
      'clock',
      'scale',
      'scale noise',
      'calibration',
      'control loop',
      'self-test',
      'faults',
      'camera',
      'cloud',
      'ledger',
      'plan',
      'config',
      'board',
      'system',
      'time service',
      'real-time clock',
      'temperature',
      'supply',
      'disk mmcblk0',
      'network',
      'wiring',
    ]);
  });

  it('tells of each part that fails its self-test, and that none is tested in a feeding', async () => {
    const feeder = healthy();
    feeder.partTests = [
      { part: 'bowl scale', ok: true, found: 'the HX711 converts', fix: null },
      { part: 'motor drive', ok: false, found: 'silent: it says nothing.', fix: 'Check its plug.' },
      { part: 'clock', ok: false, found: 'silent: nobody vouches.', fix: 'Connect it.' },
    ];
    const { code, findings } = await examine(feeder);
    const wrong = findings.filter(({ level }) => level !== 'ok');
    expect(wrong.map(({ check, level }) => [check, level])).toEqual([
      ['self-test of the motor drive', 'bad'],
      ['self-test of the clock', 'warn'],
    ]);
    expect(wrong[0]?.fix).toBe('Check its plug.');
    expect(code).toBe(1);
    const busy = healthy();
    busy.running = sampleFeeding({ state: 'running' });
    const fed = await examine(busy);
    expect(fed.findings.find(({ check }) => check === 'self-test')).toMatchObject({
      level: 'warn',
      fix: expect.stringContaining('again'),
    });
  });

  const base = new FakeFeeder().deps;
  const bowl = base.station.health().bowl;
  const health = base.station.health();
  const now = base.time.now();
  const cloudThat = (view: Partial<CloudView>): Partial<ApiDeps> => {
    const cloud = new FakeCloud();
    const linked = { ...cloud.view(), account: 'ada', ...view };
    return { cloud: Object.assign(cloud, { view: () => linked }) };
  };
  const cases: [string, Finding['level'], Partial<ApiDeps>][] = [
    ['cloud', 'warn', cloudThat({ state: 'local', why: 'revoked' })],
    ['cloud', 'warn', cloudThat({ state: 'resting' })],
    ['storage', 'bad', { storage: () => ({ ok: false, why: 'read-only' }) }],
    ['disk space', 'bad', { diskFreeBytes: () => 1_000_000 }],
    ['disk space', 'warn', { diskFreeBytes: () => 200_000_000 }],
    ['clock', 'bad', { time: { now: () => ({ ...now, quality: 'unknown' }) } }],
    ['clock', 'warn', { time: { now: () => ({ ...now, quality: 'estimated' }) } }],
    ['scale', 'bad', { scale: { ...base.scale, reading: () => ({ ...bowl, state: 'silent' }) } }],
    [
      'scale noise',
      'warn',
      {
        scale: {
          ...base.scale,
          calibration: () => ({ ...base.scale.calibration(), noiseGrams: 0.8 }),
        },
      },
    ],
    [
      'scale noise',
      'bad',
      {
        scale: {
          ...base.scale,
          calibration: () => ({ ...base.scale.calibration(), noiseGrams: 3 }),
        },
      },
    ],
    [
      'calibration',
      'warn',
      {
        scale: {
          ...base.scale,
          calibration: () => ({ ...base.scale.calibration(), spannedAtMs: null }),
        },
      },
    ],
    ['control loop', 'bad', { station: { health: () => ({ ...health, loopAgeMs: 5_000 }) } }],
    ['mqtt', 'warn', { components: () => [{ name: 'mqtt', state: 'degraded', why: 'offline' }] }],
    [
      'storage part',
      'bad',
      { components: () => [{ name: 'storage part', state: 'failed', why: 'x' }] },
    ],
    [
      'ledger',
      'bad',
      {
        ledger: {
          ...base.ledger,
          verify: () => ({
            ...{ ok: false, entries: 9, lastSeq: 9, brokenSeq: 4, why: 'Entry 4.' },
            key: null,
          }),
        },
      },
    ],
  ];
  it.each(cases)('%s is %s, with a fix', async (check, level, overrides) => {
    const { code, findings } = await examine(healthy(overrides));
    const finding = findings.find((found) => found.check === check);
    expect(finding?.level).toBe(level);
    expect(finding?.fix).toMatch(/\w+.*\.$/);
    expect(code).toBe(level === 'bad' ? 1 : 0);
  });

  it('names an active fault and the command that clears it', async () => {
    const feeder = healthy();
    feeder.faults.push({
      fault: 'overflow',
      feedingId: null,
      sinceMs: 1,
      why: 'Food kept falling.',
    });
    const { code, findings } = await examine(feeder);
    expect(code).toBe(1);
    expect(findings.find(({ check }) => check === 'fault')?.fix).toContain('feeder clear overflow');
  });

  it('tells of a camera that gives no picture, and is content without one', async () => {
    const feeder = healthy();
    const camera = async () =>
      (await examine(feeder)).findings.filter(({ check }) => check === 'camera');
    feeder.camera.state = { state: 'degraded', why: 'ffmpeg is missing.' };
    expect(await camera()).toMatchObject([
      { level: 'warn', found: 'degraded: ffmpeg is missing.' },
    ]);
    feeder.camera.state = { state: 'off', privacy: 'switch' };
    expect(await camera()).toMatchObject([{ level: 'ok', found: 'is switched off' }]);
    const without = await examine(healthy({ camera: null }));
    expect(without.findings.find(({ check }) => check === 'camera')?.found).toBe('none is set up');
  });

  it('says that nothing will be fed without a plan', async () => {
    const { code, findings } = await examine(new FakeFeeder());
    expect(code).toBe(0);
    expect(findings.find(({ check }) => check === 'plan')?.level).toBe('warn');
  });

  it('still looks at the configuration when no feeder answers', async () => {
    const problem = { path: 'FEEDER_PORT', message: 'is "x", but must be a number.' };
    const { code, findings } = await examine(healthy(), {
      fetch: () => Promise.reject(new TypeError('fetch failed')),
      loadConfig: () => {
        throw new FeederError('ERR_CONFIG', { details: [problem] });
      },
    });
    expect(code).toBe(1);
    expect(findings.filter(({ level }) => level === 'bad').map(({ check }) => check)).toEqual([
      'daemon',
      'config',
    ]);
    expect(findings[1]?.found).toContain('FEEDER_PORT is "x"');
    const warned = await examine(healthy(), {
      loadConfig: () => ({ config: {}, warnings: ['FEEDER_PROT is not a setting'], report: '' }),
    });
    expect(warned.findings.find(({ check }) => check === 'config')?.level).toBe('warn');
  });
});

const profile = resolve(import.meta.dirname, '../../profiles/boards/hx711-dc-motor.json');
const wired = parseHardware(JSON.parse(readFileSync(profile, 'utf8')), profile);

async function examineMachine(
  break_: (machine: FakeMachine) => void = () => {},
  hardware: Hardware = wired,
) {
  const machine = goodMachine();
  break_(machine);
  const loadConfig = () => ({ config: {}, warnings: [], hardware, report: '' });
  return examine(healthy(), { machine, loadConfig });
}

describe('A-66 doctor on a wired board', () => {
  it('finds nothing wrong with one that is set up for its wiring', async () => {
    const { code, findings } = await examineMachine();
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    const found = (name: string) => findings.find(({ check }) => check === name)?.found;
    expect(found('board')).toContain('Raspberry Pi 4 Model B Rev 1.5, kernel 6.12.47');
    expect(found('wiring')).toContain('HX711 and DC motor: dc_motor, hx711');
    expect(found('disk mmcblk0')).toContain('SD64G: 2.0 GB written since the start');
    expect(found('overlays')).toBe('dtparam=spi=on, dtparam=strict_gpiod');
    expect(found('lines')).toContain('none held by others');
    expect(found('camera')).toBe('running, fake 1280x720 at 15/s, libx264, FFmpeg 7.1');
  });

  const volt = 'sys/class/hwmon/hwmon1/in0_lcrit_alarm';
  const cases: readonly (readonly [string, Finding['level'], (machine: FakeMachine) => void])[] = [
    ['system', 'warn', ({ folder }) => folder.put('etc/os-release', 'VERSION_ID="11"')],
    ['time service', 'warn', ({ folder }) => folder.remove('run/systemd')],
    ['real-time clock', 'bad', ({ folder }) => folder.put('sys/class/rtc/rtc0/since_epoch', '9')],
    ['real-time clock', 'bad', ({ folder }) => folder.remove('sys/class/rtc/rtc0/since_epoch')],
    ['real-time clock', 'warn', ({ folder }) => folder.put('sys/class/rtc/rtc0/hctosys', '0')],
    [
      'temperature',
      'warn',
      ({ folder }) => folder.put('sys/class/thermal/thermal_zone0/temp', '84000'),
    ],
    ['supply', 'bad', ({ folder }) => folder.put(volt, '1')],
    [
      'disk mmcblk0',
      'warn',
      ({ folder }) => folder.put('sys/block/mmcblk0/device/life_time', '0x01 0x09'),
    ],
    ['disk mmcblk0', 'bad', ({ folder }) => folder.put('sys/block/mmcblk0/ro', '1')],
    ['file system', 'bad', ({ folder }) => folder.put('sys/fs/ext4/mmcblk0p2/errors_count', '3')],
    ['network', 'warn', ({ folder }) => folder.put('sys/class/net/wlan0/operstate', 'down')],
    ['wiring', 'bad', ({ folder }) => folder.remove('dev/spidev0.0')],
    ['wiring', 'bad', ({ folder }) => folder.remove('sys/class/pwm')],
    ['lines', 'bad', ({ owners }) => owners.set(23, 'a stray script')],
    ['groups', 'bad', ({ folder }) => folder.put('etc/group', 'gpio:x:1:dog\nspi:x:2:cat')],
    [
      'strict_gpiod',
      'bad',
      ({ folder }) => folder.put('boot/firmware/config.txt', '#dtparam=strict_gpiod'),
    ],
    [
      'strict_gpiod',
      'bad',
      ({ folder }) => folder.put('boot/firmware/config.txt', 'dtparam=spi=on,strict_gpiod=off'),
    ],
    ['strict_gpiod', 'warn', ({ folder }) => folder.remove('boot')],
  ];
  it.each(cases)('%s is %s, with a fix', async (check, level, break_) => {
    const { code, findings } = await examineMachine(break_);
    const wrong = findings.filter((found) => found.level !== 'ok');
    expect(wrong.map((found) => [found.check, found.level])).toEqual([[check, level]]);
    expect(wrong[0]?.fix).toMatch(/\w+.*\.$/);
    expect(code).toBe(level === 'bad' ? 1 : 0);
  });

  it('calls a motor that is to be plugged in bad, for nothing is fed without it', async () => {
    const rating = { ratedGrams: 5000, countsPerGram: 420, turnsPerSecond: 0.5, gramsPerTurn: 6 };
    const part = { part: 'coprocessor', port: '/dev/ttyACM0', ...rating };
    const byUsb = parseHardware({ kind: 'board', name: 'USB', parts: [part] }, '');
    const { code, findings } = await examineMachine(undefined, byUsb);
    expect(findings.find(({ check }) => check === 'coprocessor')).toMatchObject({
      level: 'bad',
      found: expect.stringContaining('/dev/ttyACM0 of coprocessor is not there'),
      fix: expect.stringContaining('Nothing is fed'),
    });
    expect(code).toBe(1);
  });

  it('takes its own lines, and those of the kernel’s light, for what they are', async () => {
    const { findings } = await examineMachine(({ owners }) => {
      owners.set(23, 'cat-feeder motor');
      owners.set(17, 'feeder');
    });
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  });
});

describe('A-66 doctor --motor', () => {
  it('asks first, and turns nothing without a yes', async () => {
    const feeder = healthy();
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return false;
    };
    const { code, findings } = await examine(feeder, { ask }, ['--motor']);
    expect(asked).toEqual([expect.stringContaining('3 g of food will fall')]);
    expect(findings.find(({ check }) => check === 'motor')?.level).toBe('warn');
    expect(feeder.motorStarts).toBe(0);
    expect(code).toBe(0);
  });

  it('says of an empty hopper that the motor turned, and how to go on', async () => {
    const feeder = healthy();
    const sleep = async () => {
      feeder.finish();
      const at = feeder.feedings.length - 1;
      const done = feeder.feedings[at];
      if (done === undefined) return;
      feeder.feedings[at] = { ...done, result: 'failed', fault: 'hopper_empty', turns: 4 };
    };
    const { code, findings } = await examine(feeder, { sleep }, ['--motor', '--yes']);
    expect(findings.find(({ check }) => check === 'motor')).toMatchObject({
      level: 'warn',
      found: expect.stringMatching(/^it turned, and no food came: failed: .* in 4 turns$/),
      fix: expect.stringContaining('feeder clear hopper_empty'),
    });
    expect(code).toBe(0);
  });

  it('serves a small portion as a person would, by the same rules', async () => {
    const feeder = healthy();
    const sleep = async () => feeder.finish();
    const { code, findings } = await examine(feeder, { sleep }, ['--motor', '--yes']);
    expect(findings.find(({ check }) => check === 'motor')?.found).toMatch(/^served: .* g in/);
    expect(feeder.feedings.at(-1)).toMatchObject({ portionGrams: 3, cause: 'person' });
    expect(code).toBe(0);
  });

  it('says what the rules said when they refuse', async () => {
    const feeder = healthy();
    feeder.refuseWith = new FeederError('ERR_HARDWARE_FAULT');
    const { findings } = await examine(feeder, {}, ['--motor', '--yes']);
    const motor = findings.find(({ check }) => check === 'motor');
    expect(motor).toMatchObject({ level: 'warn', fix: expect.stringContaining('clear it') });
    expect(motor?.found).toContain('ERR_HARDWARE_FAULT');
  });
});

describe('A-66 doctor --bundle', () => {
  it('writes what helps, and no secret', async () => {
    const feeder = healthy();
    feeder.settings = { ...feeder.settings, name: 'Canary Cottage' };
    const files = new Map<string, string>();
    const config = {
      port: 8480,
      cloudToken: 'canary-token',
      proxy: 'http://canary:canary@proxy.example/',
      dataDir: '/home/canary/feeder',
    };
    const { code, findings } = await examine(
      feeder,
      {
        writeFile: (path, text) => void files.set(path, text),
        loadConfig: () => ({ config, warnings: [], report: '' }),
      },
      ['--bundle', '/tmp/b.json'],
    );
    const text = files.get('/tmp/b.json') ?? '';
    expect(text.toLowerCase()).not.toContain('canary');
    const bundle = JSON.parse(text);
    expect(bundle.findings.length).toBeGreaterThan(10);
    expect(bundle.config).toMatchObject({ port: 8480, cloudToken: '***' });
    expect(bundle.board.model).toContain('Raspberry Pi');
    expect(bundle.answers['/status'].clockQuality).toBeDefined();
    expect(findings.at(-1)?.found).toContain('/tmp/b.json');
    expect(code).toBe(0);
  });

  it('is written without a feeder, too', async () => {
    const files = new Map<string, string>();
    await examine(
      healthy(),
      {
        fetch: () => Promise.reject(new TypeError('fetch failed')),
        writeFile: (path, text) => void files.set(path, text),
      },
      ['--bundle', 'b.json'],
    );
    expect(JSON.parse(files.get('b.json') ?? '').answers['/system'].unanswered).toBeDefined();
  });
});
