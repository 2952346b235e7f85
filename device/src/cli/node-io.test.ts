import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from './command.ts';
import { nodeIo } from './node-io.ts';
import { runCli } from './run-cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'feeder-cli-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'config.json');

async function check(...args: string[]) {
  let out = '';
  let err = '';
  const io = nodeIo({});
  const code = await runCli(['config', 'check', ...args], {
    ...io,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

describe('config check', () => {
  it('reads the file and the settings that the daemon would', async () => {
    writeFileSync(file, '{"port": 8090, "colour": "red"}');
    for (const name of ['--file', '--config']) {
      const { code, out } = await check(name, file, '--log-level', 'debug');
      expect([code, out]).toEqual([0, expect.stringMatching(/port = 8090 +\(file\)/)]);
      expect(out).toMatch(/logLevel = "debug"/);
      expect(out).toContain('warning: colour in');
    }
    expect(JSON.parse((await check(`--file=${file}`, '--json')).out).config.port).toBe(8090);
  });

  it('names every problem, and a wrong line', async () => {
    writeFileSync(file, '{"port": "x", "logLevel": "loud"}');
    const { code, err } = await check('--file', file);
    expect(code).toBe(78);
    expect(err).toContain('ERR_CONFIG');
    expect(err).toContain('port in');
    expect(err).toContain('logLevel in');
    expect((await check('--colour', 'red')).code).toBe(2);
    expect((await check('--file', join(dir, 'missing.json'))).code).toBe(78);
  });
});

describe('nodeIo', () => {
  it('makes a new requestId each time', () => {
    const { newRequestId } = nodeIo({});
    expect(newRequestId()).toMatch(/^cli-[0-9a-f-]{36}$/);
    expect(newRequestId()).not.toBe(newRequestId());
  });

  it('tells a broken configuration from a wrong line', () => {
    const io = nodeIo({ FEEDER_PORT: 'x' });
    expect(() => io.loadConfig([])).toThrow(FeederError);
    expect(() => io.loadConfig(['extra'])).toThrow(UsageError);
  });
});
