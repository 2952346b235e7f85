import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FEEDER_COMMAND, writeFrame } from './make-release.ts';

describe('the command feeder of a release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'feeder-command-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs it with a program in the place of Node.js that tells its settings and arguments. */
  function run(settings: string | null, own: Readonly<Record<string, string>> = {}): string {
    const file = join(folder, 'environment');
    if (settings !== null) writeFileSync(file, settings);
    const told = join(folder, 'told');
    writeFileSync(told, '#!/bin/sh\nenv | grep ^FEEDER_ | sort\necho "$@"\n', { mode: 0o755 });
    const command = FEEDER_COMMAND.replace('/etc/cat-feeder/environment', file)
      .replace('/opt/cat-feeder/current/bin/node', told)
      .replace('/opt/cat-feeder/current/feeder.mjs', 'feeder.mjs');
    const environment = { PATH: '/usr/bin:/bin', ...own };
    return execFileSync('/bin/sh', ['-c', command, 'feeder', 'doctor', '--json'], {
      encoding: 'utf8',
      env: environment,
    });
  }

  it('speaks of the feeder that the service runs', () => {
    const settings = [
      '# A comment with FEEDER_PORT=1',
      'FEEDER_HARDWARE=/etc/cat-feeder/hardware.json',
      'FEEDER_LOG_LEVEL="debug"',
      'OTHER=$(touch x)',
      'FEEDER_X;rm=1',
      'FEEDER_PORT=8481',
    ].join('\n');
    expect(run(settings, { FEEDER_LOG_LEVEL: 'warn' })).toBe(
      [
        'FEEDER_HARDWARE=/etc/cat-feeder/hardware.json',
        'FEEDER_LOG_LEVEL=warn',
        'FEEDER_PORT=8481',
        'feeder.mjs doctor --json\n',
      ].join('\n'),
    );
  });

  it('needs no settings', () => {
    expect(run(null)).toBe('feeder.mjs doctor --json\n');
  });
});

describe('the documents of a release', () => {
  it('bring the drawings of the wiring and the firmware that they speak of', () => {
    const tree = mkdtempSync(join(tmpdir(), 'feeder-frame-'));
    try {
      writeFrame(tree, { arch: 'arm64', version: '1.0.0', schema: 1, publicKeyPem: null });
      const page = readFileSync(join(tree, 'docs/wiring.md'), 'utf8');
      const drawings = [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path = '']) => path);
      expect(drawings).toHaveLength(3);
      const firmware = ['feeder-firmware.ino', 'feeder_link.h'].map(
        (name) => `coprocessor/feeder-firmware/${name}`,
      );
      for (const path of [...drawings, ...firmware]) {
        expect(existsSync(join(tree, 'docs', path)), path).toBe(true);
      }
    } finally {
      rmSync(tree, { recursive: true });
    }
  });
});
