import { FeederError } from '@cat-feeder/shared';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { configReport } from './config-report.ts';
import { type ConfigSchema, describeConfig, maskSecrets } from './describe-config.ts';
import { defaultConfig } from './device-config.ts';
import { type ConfigSources, loadConfig, loadSettings } from './load-config.ts';

const nothing: ConfigSources = { file: null, environment: {}, flags: {} };
const file = (value: unknown) => ({ path: 'config.json', text: JSON.stringify(value) });

function refusal(run: () => unknown): FeederError {
  try {
    run();
  } catch (error) {
    if (error instanceof FeederError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('A-47, B-14 loadConfig', () => {
  it('has a default for everything', () => {
    const { config, warnings } = loadConfig(nothing);
    expect({ ...config, dataDir: 'var/feeder' }).toEqual(defaultConfig);
    expect(config.dataDir.startsWith('/')).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('refuses a camera whose longest clip does not fit into memory, with both numbers', () => {
    const greedy = { cameraKbps: 8000, cameraSource: 'synthetic' };
    const { code, details } = refusal(() => loadConfig({ ...nothing, file: file(greedy) }));
    expect(code).toBe('ERR_CONFIG');
    expect(JSON.stringify(details)).toMatch(/85 s .* 8000 kbit.s need 128 MB .* than 96 MB/);
    for (const more of [{ cameraSource: 'off' }, { cameraClipMs: 30_000 }]) {
      const { config } = loadConfig({ ...nothing, file: file({ ...greedy, ...more }) });
      expect(config.cameraKbps).toBe(8000);
    }
  });

  const precedence = [
    [{}, 8480, 'default'],
    [{ file: file({ port: 1 }) }, 1, 'file'],
    [{ file: file({ port: 1 }), environment: { FEEDER_PORT: '2' } }, 2, 'environment'],
    [
      { file: file({ port: 1 }), environment: { FEEDER_PORT: '2' }, flags: { port: '3' } },
      3,
      'flag',
    ],
    [{ environment: { FEEDER_PORT: '' } }, 8480, 'default'],
  ] as const;
  it.each(precedence)('takes from %j the port %i (%s)', (sources, port, origin) => {
    const loaded = loadConfig({ ...nothing, ...sources });
    expect(loaded.config.port).toBe(port);
    expect(loaded.origins['port']).toBe(origin);
  });

  it('names every problem at once, with place, value and rule', () => {
    const error = refusal(() =>
      loadConfig({
        file: file({
          port: 70_000,
          hardware: { kind: 'board', name: 'x', parts: [{ part: 'dc' }] },
        }),
        environment: { FEEDER_SIMULATION_SPEED: 'fast' },
        flags: { trustWallClock: 'perhaps' },
      }),
    );
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.details.map((detail) => detail.path)).toEqual([
      'port in config.json',
      'hardware in config.json: parts.0.part',
      'FEEDER_SIMULATION_SPEED',
      '--trust-wall-clock',
    ]);
    expect(error.details[0]?.message).toContain('is 70000, but must be at most 65535');
  });

  it('warns of names that it does not know, and goes on', () => {
    const loaded = loadConfig({
      file: file({ prot: 1 }),
      environment: { FEEDER_PROT: '1', FEEDER_CONFIG: 'config.json', PATH: '/bin' },
      flags: {},
    });
    expect(loaded.warnings).toEqual([
      'prot in config.json is not a setting and was ignored',
      'FEEDER_PROT is not a setting and was ignored',
    ]);
  });

  it.each(['', '[]', 'null', '{"port":', '{"version":99}', '{"version":"1"}'])(
    'refuses the file %j',
    (text) => {
      const error = refusal(() => loadConfig({ ...nothing, file: { path: 'c.json', text } }));
      expect(error.code).toBe('ERR_CONFIG');
      expect(error.details[0]?.path).toBe('c.json');
    },
  );

  it.each(['127.0.0.1', '127.8.4.2', '::1', 'localhost'])('listens on %s', (host) => {
    expect(loadConfig({ ...nothing, flags: { host } }).config.host).toBe(host);
  });

  it.each(['0.0.0.0', '::', '192.168.1.4', '127.0.0.1.evil.test'])(
    'refuses to listen on %s',
    (host) => {
      expect(refusal(() => loadConfig({ ...nothing, flags: { host } })).code).toBe(
        'ERR_BIND_REFUSED',
      );
    },
  );

  it('names the public host together with everything else, and warns all the same', () => {
    const error = refusal(() =>
      loadConfig({
        file: file({ prot: 8481, logLevel: 'loud', host: '0.0.0.0' }),
        environment: { FEEDER_PORT: 'x' },
        flags: {},
      }),
    );
    expect(error.code).toBe('ERR_CONFIG');
    expect(error.message).toContain('3 values');
    expect(error.details.map(({ path }) => path)).toEqual([
      'host in config.json',
      'FEEDER_PORT',
      'logLevel in config.json',
      'warning',
    ]);
    expect(error.details.at(-1)?.message).toBe(
      'prot in config.json is not a setting and was ignored',
    );
  });

  it('warns beside a public host, too', () => {
    const error = refusal(() => loadConfig({ ...nothing, file: file({ host: '::', prot: 1 }) }));
    expect(error.code).toBe('ERR_BIND_REFUSED');
    expect(error.details.map(({ path }) => path)).toEqual(['host in config.json', 'warning']);
  });

  it('either accepts or refuses with ERR_CONFIG, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          loadConfig({ ...nothing, file: { path: 'c.json', text } });
        } catch (error) {
          expect(error).toBeInstanceOf(FeederError);
          expect((error as FeederError).code).toMatch(/^ERR_(CONFIG|BIND_REFUSED)$/);
        }
      }),
    );
  });
});

describe('secrets', () => {
  const schema = v.strictObject({
    token: v.pipe(
      v.optional(v.nullable(v.pipe(v.string(), v.minLength(8, 'is too short'))), null),
      v.description('Key of the cloud.'),
      v.metadata({ unit: null, secret: true, restart: true }),
    ),
  }) as unknown as ConfigSchema;

  it('are masked in dumps', () => {
    expect(maskSecrets({ token: 'correct horse' }, schema)).toEqual({ token: '***' });
    expect(maskSecrets({ token: null }, schema)).toEqual({ token: null });
  });

  it('are masked in problems', () => {
    const error = refusal(() => loadSettings(schema, { ...nothing, flags: { token: 'canary' } }));
    expect(JSON.stringify(error.details)).not.toContain('canary');
    expect(error.details[0]?.message).toContain('is ***, but is too short');
  });
});

describe('describeConfig', () => {
  it('tells help, names and defaults of every setting', () => {
    for (const setting of describeConfig()) {
      expect(setting.help).toMatch(/\.$/);
      expect(setting.variable).toMatch(/^FEEDER_[A-Z_]+$/);
      expect(setting.default).not.toBe(undefined);
    }
  });

  it('reads bounds, units and kinds from the schema', () => {
    const speed = describeConfig().find((setting) => setting.name === 'simulationSpeed');
    expect(speed).toMatchObject({
      kind: 'number',
      bounds: '1 to 50',
      unit: 'x',
      default: 1,
      flag: '--simulation-speed',
    });
    expect(describeConfig().find((setting) => setting.name === 'uiDir')?.isNullable).toBe(true);
  });
});

it('configReport tells every setting with its origin, and the warnings', () => {
  const report = configReport(
    loadConfig({ file: file({ zz: 1 }), environment: {}, flags: { port: '9' } }),
  );
  expect(report).toContain('port = 9  (flag)\n');
  expect(report).toContain('hardware = {"kind":"simulated"}  (default)\n');
  expect(report).toContain('warning: zz in config.json');
  expect(report.trimEnd().endsWith('The configuration is usable.')).toBe(true);
});
