import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FeederRoot } from './feeder-root.ts';

const made: FeederRoot[] = [];
afterEach(() => {
  for (const feeder of made.splice(0)) feeder.close();
});

function installed(): FeederRoot {
  const feeder = new FeederRoot({ isManaged: false });
  made.push(feeder);
  feeder.install(feeder.tree({ version: '1.0.0' }));
  mkdirSync(feeder.path('var/lib/cat-feeder/db'), { recursive: true });
  return feeder;
}

/** A backup by somebody who knows its form: every sum is right. */
function craft(feeder: FeederRoot, files: Readonly<Record<string, string>>): string {
  const tree = join(feeder.work, 'tree');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, name)), { recursive: true });
    writeFileSync(join(tree, name), text);
  }
  const file = join(feeder.work, 'crafted.backup');
  const script = `cd "$1" && find . -type f -printf '%P\\n' | sort >../names
    xargs -d '\\n' sha256sum <../names >SHA256SUMS && tar -czf "$2" .`;
  execFileSync('bash', ['-c', script, 'craft', tree, file]);
  return file;
}

const about = 'cat-feeder backup 1\nversion=1.0.0\nschema=';

describe('restore.sh with a backup by somebody hostile', () => {
  it.each([
    'BASH_VERSINFO[$(touch TRACE)]',
    '1\nschema=BASH_VERSINFO[$(touch TRACE)]',
    '',
    '-1',
    '1.5',
  ])('runs nothing that stands in the place of a number: %s', (schema) => {
    const feeder = installed();
    const trace = join(feeder.work, 'executed');
    const before = feeder.snapshot();
    const file = craft(feeder, {
      about: `${about}${schema.replace('TRACE', trace)}\n`,
      'feeder.db': '',
    });
    const ran = feeder.run('restore.sh', [file]);
    expect(existsSync(trace)).toBe(false);
    expect(ran.err).toMatch(/^The backup does not say the form of its database\..*\n$/);
    expect(ran.status).toBe(65);
    expect(withoutTimes(feeder.snapshot())).toEqual(withoutTimes(before));
  });

  it('takes no name that leads out of the settings', () => {
    const feeder = installed();
    const file = craft(feeder, {
      about: `${about}1\n`,
      'feeder.db': '',
      'etc/x': 'plain',
      y: 'evil',
      'tree/y': 'evil',
      // As two lines: etc/x, and ../tree/y.
      'etc/x\n../tree/y': 'evil',
    });
    const ran = feeder.run('restore.sh', [file, '--with-settings']);
    expect(ran.err).toMatch(/^The backup cannot be used: .*\n$/);
    expect(ran.status).toBe(65);
    expect(feeder.has('etc/tree')).toBe(false);
  });
});

describe('backup.sh', () => {
  it('takes no empty line for a password', () => {
    const feeder = installed();
    writeFileSync(feeder.path('var/lib/cat-feeder/db/feeder.db'), '');
    const password = join(feeder.work, 'password');
    writeFileSync(password, '\nsecret\n');
    const ran = feeder.run('backup.sh', ['--password-file', password]);
    expect(ran.err).toMatch(/^There is no password in /);
    expect(ran.status).toBe(64);
  });
});

/** The lock's and the data directory's times do change. */
function withoutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/ \d+\.?\d* (?=[^ ]*$)/, ' '));
}
