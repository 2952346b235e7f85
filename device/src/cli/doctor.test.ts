import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { FAKE_URL, FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { fakeId } from '../../test/contracts/fake-parts.ts';
import type { ApiDeps } from '../api/deps.ts';
import type { CliIo } from './command.ts';
import type { Finding } from './doctor.ts';
import { runCli } from './run-cli.ts';

async function examine(feeder: FakeFeeder, overrides: Partial<CliIo> = {}) {
  let out = '';
  const io: CliIo = {
    out: (text) => {
      out += text;
    },
    err: () => {},
    fetch: async (url, init) => feeder.api.app.request(url, init),
    env: {},
    sleep: async () => {},
    newRequestId: () => 'x',
    loadConfig: () => ({ config: {}, warnings: [], report: '' }),
    ...overrides,
  };
  const code = await runCli(['doctor', '--json', '--url', FAKE_URL], io);
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
      'faults',
      'ledger',
      'plan',
      'config',
    ]);
  });

  const base = new FakeFeeder().deps;
  const bowl = base.station.health().bowl;
  const health = base.station.health();
  const now = base.time.now();
  const cases: [string, Finding['level'], Partial<ApiDeps>][] = [
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
          verify: () => ({ ok: false, entries: 9, lastSeq: 9, brokenSeq: 4, why: 'Entry 4.' }),
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
    expect(findings.map(({ check, level }) => [check, level])).toEqual([
      ['daemon', 'bad'],
      ['config', 'bad'],
    ]);
    expect(findings[1]?.found).toContain('FEEDER_PORT is "x"');
    const warned = await examine(healthy(), {
      loadConfig: () => ({ config: {}, warnings: ['FEEDER_PROT is not a setting'], report: '' }),
    });
    expect(warned.findings.at(-1)).toMatchObject({ check: 'config', level: 'warn' });
  });
});
