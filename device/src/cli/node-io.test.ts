import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

describe('a file that is downloaded', () => {
  const path = join(dir, 'clips.zip');
  const stream = (pieces: readonly string[], end: 'close' | 'error') =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const piece of pieces) controller.enqueue(Buffer.from(piece));
        if (end === 'close') controller.close();
      },
      pull: (controller) => controller.error(new TypeError('terminated')),
    });

  it('is there whole, or not at all, and never in the place of another', async () => {
    const { saveNew } = nodeIo({});
    await expect(saveNew(path, stream(['a', 'bc'], 'error'))).rejects.toThrow('terminated');
    expect(existsSync(path)).toBe(false);
    expect(await saveNew(path, stream(['a', 'bc'], 'close'))).toBe(3);
    await expect(saveNew(path, stream(['other'], 'close'))).rejects.toThrow(UsageError);
    expect(readFileSync(path, 'utf8')).toBe('abc');
  });
});

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

/** The address at which a command looks for the daemon. */
async function addressFor(env: Record<string, string>, ...args: string[]): Promise<string> {
  let asked = '';
  const io = {
    ...nodeIo(env),
    fetch: async (url: string) => {
      asked = url;
      throw new Error('Nobody is there');
    },
    out: () => {},
    err: () => {},
  };
  await runCli(['doctor', ...args], io);
  return new URL(asked).origin;
}

describe('a command looks for the daemon where its settings let it listen', () => {
  it('by environment, file, both, or neither', async () => {
    writeFileSync(file, '{"port": 8090, "host": "::1"}');
    expect(await addressFor({})).toBe('http://127.0.0.1:8480');
    expect(await addressFor({ FEEDER_PORT: '9001' })).toBe('http://127.0.0.1:9001');
    expect(await addressFor({ FEEDER_CONFIG: file })).toBe('http://[::1]:8090');
    const both = { FEEDER_CONFIG: file, FEEDER_PORT: '9001' };
    expect(await addressFor(both)).toBe('http://[::1]:9001');
  });

  it('unless it is told where', async () => {
    const env = { FEEDER_PORT: '9001', FEEDER_URL: 'http://127.0.0.1:9002' };
    expect(await addressFor(env)).toBe('http://127.0.0.1:9002');
    expect(await addressFor(env, '--url', 'http://127.0.0.1:9003')).toBe('http://127.0.0.1:9003');
  });

  it('and where it usually is when they say nothing usable', async () => {
    const usual = 'http://127.0.0.1:8480';
    expect(await addressFor({ FEEDER_PORT: 'banana' })).toBe(usual);
    expect(await addressFor({ FEEDER_PORT: '0' })).toBe(usual);
    expect(await addressFor({ FEEDER_CONFIG: join(dir, 'missing.json') })).toBe(usual);
    // What is wrong with other settings does not hide the address.
    const wrong = { FEEDER_PORT: '9001', FEEDER_HARDWARE: '/nowhere/parts.json' };
    expect(await addressFor(wrong)).toBe('http://127.0.0.1:9001');
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
