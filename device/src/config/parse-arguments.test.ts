import { describe, expect, it } from 'vitest';
import { describeConfig } from './describe-config.ts';
import { helpText, parseArguments } from './parse-arguments.ts';

describe('parseArguments', () => {
  it('runs without a command', () => {
    expect(parseArguments([])).toEqual({ kind: 'run', configFile: null, flags: {}, rest: [] });
  });

  it('gives flags by the names of their settings', () => {
    expect(
      parseArguments(['run', '--data-dir', 'd', '--port=0', '--trust-wall-clock', '--config', 'f']),
    ).toMatchObject({
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

  it('finds the command among its settings', () => {
    expect(parseArguments(['--port', '1', 'config', '--data-dir=config', 'check'])).toEqual({
      kind: 'check-config',
      configFile: null,
      flags: { port: '1', dataDir: 'config' },
      rest: ['--port', '1', '--data-dir=config'],
    });
  });

  it('names all that it does not understand, and keeps what it does', () => {
    expect(parseArguments(['--port', '-5', '--bogus', '1', '--data-dir'])).toEqual({
      kind: 'usage',
      problems: ["There is no flag '--bogus'.", '--data-dir needs a value.'],
      configFile: null,
      flags: { port: '-5' },
    });
  });

  it('has help for every setting', () => {
    for (const setting of describeConfig()) expect(helpText()).toContain(setting.flag);
  });
});
