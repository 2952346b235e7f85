import { describe, expect, it } from 'vitest';
import { describeConfig } from './describe-config.ts';
import { helpText, parseArguments } from './parse-arguments.ts';

describe('parseArguments', () => {
  it('runs without a command', () => {
    expect(parseArguments([])).toEqual({ kind: 'run', configFile: null, flags: {} });
  });

  it('gives flags by the names of their settings', () => {
    expect(
      parseArguments(['run', '--data-dir', 'd', '--port=0', '--trust-wall-clock', '--config', 'f']),
    ).toEqual({
      kind: 'run',
      configFile: 'f',
      flags: { dataDir: 'd', port: '0', trustWallClock: 'true' },
    });
    expect(parseArguments(['--no-trust-wall-clock'])).toMatchObject({
      flags: { trustWallClock: 'false' },
    });
  });

  it.each([
    [['--help'], 'help'],
    [['help'], 'help'],
    [['--version'], 'version'],
    [['config', 'check'], 'check-config'],
    [['dance'], 'usage'],
    [['--no-such-flag'], 'usage'],
    [['--port'], 'usage'],
  ] as const)('takes %j as %s', (argv, kind) => {
    expect(parseArguments(argv).kind).toBe(kind);
  });

  it('has help for every setting', () => {
    for (const setting of describeConfig()) expect(helpText()).toContain(setting.flag);
  });
});
