import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { newestSchema } from '../../device/src/storage/migrations.ts';
import { openDirStore } from '../../device/test/contracts/store-fixture.ts';
import { FeederRoot } from './feeder-root.ts';

const made: FeederRoot[] = [];
afterEach(() => {
  for (const feeder of made.splice(0)) feeder.close();
});

function installed(): FeederRoot {
  const feeder = new FeederRoot({ isManaged: false });
  made.push(feeder);
  feeder.install(feeder.tree({ version: '1.0.0', schema: newestSchema }));
  mkdirSync(feeder.path('var/lib/cat-feeder/db'), { recursive: true });
  return feeder;
}

/** A feeder whose daemon has run once. */
function used(): FeederRoot {
  const feeder = installed();
  openDirStore(feeder.path('var/lib/cat-feeder')).close();
  return feeder;
}

function backUp(feeder: FeederRoot, environment = {}): string {
  const file = join(feeder.work, 'made.backup');
  const ran = feeder.run('backup.sh', ['--to', file], environment);
  expect(ran.status, ran.err).toBe(0);
  return file;
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

describe('P1 root never works inside the data directory', () => {
  const hostile = { BASH_ENV: join(import.meta.dirname, 'hostile.bash') };

  it('so a hostile daemon changes no settings that a backup holds or a restore writes', () => {
    const feeder = used();
    writeFileSync(feeder.path('etc/cat-feeder/update-source'), 'https://mine.test\n');
    const file = backUp(feeder, hostile);
    writeFileSync(feeder.path('etc/cat-feeder/update-source'), 'https://other.test\n');
    const ran = feeder.run('restore.sh', [file, '--with-settings'], hostile);
    expect([ran.err, ran.status]).toEqual(['', 0]);
    expect(feeder.text('etc/cat-feeder/update-source')).toBe('https://mine.test\n');
    expect(feeder.has('var/lib/cat-feeder/before-restore/db/feeder.db')).toBe(true);
  });

  it('and what a power cut left there is gone after the next run', () => {
    const feeder = used();
    for (const place of ['cat-feeder', 'cat-feeder-updates']) {
      for (const name of ['.backup', '.restore']) {
        mkdirSync(feeder.path(`var/lib/${place}/${name}/db`), { recursive: true });
        writeFileSync(feeder.path(`var/lib/${place}/${name}/db/feeder.db`), 'half');
      }
    }
    expect(feeder.run('restore.sh', [backUp(feeder)]).status).toBe(0);
    const left = readdirSync(feeder.path('var/lib/cat-feeder'));
    expect(left).toContain('before-restore');
    expect(left.filter((name) => /^\.(backup|restore)/.test(name))).toEqual([]);
    expect(readdirSync(feeder.path('var/lib/cat-feeder-updates'))).toEqual([]);
  });
});

describe('restore.sh', () => {
  it('leaves a settings file as closed as its owner made it', () => {
    const feeder = used();
    const file = backUp(feeder);
    const settings = feeder.path('etc/cat-feeder/environment');
    writeFileSync(settings, 'FEEDER_PORT=9000\n');
    chmodSync(settings, 0o600);
    expect(feeder.run('restore.sh', [file, '--with-settings']).status).toBe(0);
    expect(feeder.text('etc/cat-feeder/environment')).not.toContain('FEEDER_PORT=9000');
    expect(feeder.modeOf('etc/cat-feeder/environment')).toBe('600');
  });

  it('shows no control characters out of a backup', () => {
    const feeder = used();
    const schema = newestSchema + 1;
    const told = `cat-feeder backup 1\nversion=\x1b[31mred\nschema=${schema}\n`;
    const ran = feeder.run('restore.sh', [craft(feeder, { about: told, 'feeder.db': '' })]);
    expect(ran.err).toMatch(/^The backup is from a newer version \(unknown\)/);
  });
});

describe('backup.sh', () => {
  it('waits for no other script, and does not meet one', () => {
    const feeder = used();
    const ran = feeder.exec('flock', [
      feeder.path('opt/cat-feeder/.lock'),
      feeder.path('opt/cat-feeder/current/scripts/backup.sh'),
      ...['--root', feeder.root],
    ]);
    expect(ran.status).toBe(75);
  });

  it('follows a link among the settings, and leaves out by name what it cannot take', () => {
    const feeder = used();
    const settings = feeder.path('etc/cat-feeder');
    writeFileSync(join(feeder.work, 'elsewhere'), 'https://elsewhere.test\n');
    symlinkSync(join(feeder.work, 'elsewhere'), join(settings, 'update-source'));
    writeFileSync(join(settings, 'odd\nname'), '');
    symlinkSync('/nowhere', join(settings, 'dangling'));
    const ran = feeder.run('backup.sh', ['--to', join(feeder.work, 'made.backup')]);
    expect(ran.err).toBe("Warning: A file in /etc/cat-feeder is left out: $'odd\\nname'\n");
    expect(ran.status).toBe(0);
    const restored = feeder.run('restore.sh', [
      join(feeder.work, 'made.backup'),
      '--with-settings',
    ]);
    expect(restored.status).toBe(0);
    expect(feeder.text('etc/cat-feeder/update-source')).toBe('https://elsewhere.test\n');
  });

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
