import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { makeKey } from '../make-release.ts';
import { MANIFEST_FILE, SIGNATURE_FILE, signManifest } from '../release-manifest.ts';
import { type Behaviour, FeederRoot } from './feeder-root.ts';

const made: FeederRoot[] = [];
afterEach(() => {
  for (const feeder of made.splice(0)) feeder.close();
});

/** A feeder that runs version 1.0.0, or lies in a root where nothing runs. */
function installed(options = { isManaged: true }): FeederRoot {
  const feeder = new FeederRoot(options);
  made.push(feeder);
  const ran = feeder.install(feeder.tree({ version: '1.0.0' }));
  expect(ran.err).toBe('');
  return feeder;
}

function update(feeder: FeederRoot, offer: string, environment: Record<string, string> = {}) {
  return feeder.run('update.sh', ['--from', offer], environment);
}

function expectUntouched(feeder: FeederRoot): void {
  expect(feeder.current()).toBe('1.0.0');
  expect(feeder.running()).toBe('1.0.0');
  expect(feeder.has('opt/cat-feeder/trial')).toBe(false);
  expect(releasesOf(feeder)).toEqual(['1.0.0']);
}

function releasesOf(feeder: FeederRoot): string[] {
  return readdirSync(feeder.path('opt/cat-feeder/releases')).sort();
}

describe('update.sh', () => {
  it('B-68 keeps a newer release that becomes ready, and the one before for a rollback', () => {
    const feeder = installed();
    const ran = update(feeder, feeder.offer({ version: '1.1.0' }));
    expect(ran.err).toBe('');
    expect(ran.out).toContain('Version 1.1.0 is in use.');
    expect([feeder.current(), feeder.running()]).toEqual(['1.1.0', '1.1.0']);
    expect(releasesOf(feeder)).toEqual(['1.0.0', '1.1.0']);
    update(feeder, feeder.offer({ version: '1.2.0' }));
    expect(releasesOf(feeder)).toEqual(['1.1.0', '1.2.0']);
    // One that is undone takes nothing else along.
    update(feeder, feeder.offer({ version: '1.3.0', behaviour: 'crashes' }));
    expect(releasesOf(feeder)).toEqual(['1.1.0', '1.2.0']);
    expect(feeder.run('update.sh', ['rollback']).out).toContain('Back to version 1.1.0.');
    expect([feeder.current(), feeder.running()]).toEqual(['1.1.0', '1.1.0']);
  });

  it.each(['crashes', 'never-ready'] as const)('goes back from a release that %s', (behaviour) => {
    const feeder = installed();
    const offer = feeder.offer({ version: '1.1.0', behaviour });
    const ran = update(feeder, offer);
    expect(ran.out).toMatch(/did not become ready within 6 s\. Back to version 1\.0\.0\./);
    expect(ran.status).toBe(1);
    expectUntouched(feeder);
    // It is not tried every night.
    const again = update(feeder, offer);
    expect(again.err).toContain('Version 1.1.0 was tried here before and did not become ready.');
    expect(again.status).toBe(65);
    expectUntouched(feeder);
  });

  it('has nothing to do with the version that is installed', () => {
    const feeder = installed();
    const ran = update(feeder, feeder.offer({ version: '1.0.0' }));
    expect([ran.out, ran.status]).toEqual(['Version 1.0.0 is the newest.\n', 0]);
    expectUntouched(feeder);
  });

  it('in a root without systemd goes on trial until the next boot decides', () => {
    const feeder = installed({ isManaged: false });
    const ran = update(feeder, feeder.offer({ version: '1.1.0' }));
    expect(ran.err).toBe('');
    expect(ran.out).toContain('the guard decides at the next boot');
    expect(feeder.current()).toBe('1.1.0');
    mkdirSync(feeder.path('run/systemd/system'), { recursive: true });
    feeder.boot();
    expect(feeder.has('opt/cat-feeder/trial')).toBe(false);
    expect([feeder.current(), feeder.running()]).toEqual(['1.1.0', '1.1.0']);
  });

  it('leaves a release that fails at that boot', () => {
    const feeder = installed({ isManaged: false });
    update(feeder, feeder.offer({ version: '1.1.0', behaviour: 'crashes' }));
    mkdirSync(feeder.path('run/systemd/system'), { recursive: true });
    feeder.boot();
    expectUntouched(feeder);
  });

  it('takes back a database that the undone release had changed', () => {
    const feeder = installed();
    const data = feeder.path('var/lib/cat-feeder');
    mkdirSync(join(data, 'db'), { recursive: true });
    database(join(data, '000001.before-migration.db'), 1);
    database(join(data, 'db/feeder.db'), 2);
    update(feeder, feeder.offer({ version: '1.1.0', schema: 2, behaviour: 'crashes' }));
    const db = new Database(join(data, 'db/feeder.db'));
    expect(db.pragma('user_version', { simple: true })).toBe(1);
    db.close();
    expect(existsSync(join(data, 'db.undone/feeder.db'))).toBe(true);
  });
});

describe('U3 an undone version is noted', () => {
  const refused = 'var/lib/cat-feeder-updates/refused';
  const noted = (feeder: FeederRoot) => {
    mkdirSync(feeder.path('var/lib/cat-feeder-updates'), { recursive: true });
    writeFileSync(feeder.path(refused), '0.9.9\n');
  };

  it('also when the disk was full until the release was gone', () => {
    const feeder = installed();
    noted(feeder);
    symlinkSync('/dev/full', feeder.path(`${refused}.cat-feeder-new`));
    update(feeder, feeder.offer({ version: '1.1.0', behaviour: 'crashes' }));
    expectUntouched(feeder);
    expect(feeder.text(refused)).toBe('0.9.9\n1.1.0\n');
  });

  it('or said not to be, with the older notes whole, when the disk stays full', () => {
    const feeder = installed();
    noted(feeder);
    mkdirSync(feeder.path(`${refused}.cat-feeder-new`));
    const ran = update(feeder, feeder.offer({ version: '1.1.0', behaviour: 'crashes' }));
    expectUntouched(feeder);
    expect(ran.err).toContain('Warning: Version 1.1.0 may be tried again.');
    expect(feeder.text(refused)).toBe('0.9.9\n');
  });
});

describe('FMEA-11 no restart in the middle of a feeding, or when one is about to begin', () => {
  const feeding = { running: { id: 'f' }, next: null, nowMs: 0 };
  const due = (inMs: number) => ({ running: null, next: { dueAtMs: inMs }, nowMs: 0 });
  // The trial and the way back: twice the time that a release has to become ready.
  const roomMs = 2 * 6_000;

  it.each([
    ['a feeding', feeding, /^A feeding is running\. The feeder is not restarted now\.\n/],
    ['a meal that is due soon', due(roomMs - 1_000), /^A feeding is due in 11 s\./],
    ['a meal that waits to be served', due(-5_000), /^A feeding is due in 0 s\./],
  ])('an update waits for %s, then leaves it for later', (_what, status, sentence) => {
    const feeder = installed();
    const offer = feeder.offer({ version: '1.1.0' });
    feeder.answers('status', status);
    const ran = update(feeder, offer);
    expect(ran.err).toMatch(sentence);
    expect(ran.err).toContain('Version 1.0.0 goes on. Try again later');
    expect(ran.status).toBe(75);
    expectUntouched(feeder);
    feeder.answers('status', due(roomMs + 1_000));
    expect(update(feeder, offer).status).toBe(0);
    expect(feeder.running()).toBe('1.1.0');
  });

  it('an update goes on when the feeding ends in time', () => {
    const feeder = installed();
    const offer = feeder.offer({ version: '1.1.0' });
    feeder.answers('status', feeding);
    const end = `rm '${feeder.path('run/fake/api/status')}'`;
    // The download is over when the check begins; the feeding ends after the first look.
    const script = `(sleep 2; ${end}) & exec "$@"`;
    const args = ['--root', feeder.root, '--from', offer];
    const program = feeder.path('opt/cat-feeder/current/scripts/update.sh');
    const ran = feeder.exec('sh', ['-c', script, '-', program, ...args], {
      FEEDER_GAP_WITHIN_S: '40',
    });
    expect(ran.err).toBe('');
    expect(feeder.running()).toBe('1.1.0');
  });

  it('a rollback and an installation by hand wait, too', () => {
    const feeder = installed();
    update(feeder, feeder.offer({ version: '1.1.0' }));
    feeder.answers('status', feeding);
    expect(feeder.run('update.sh', ['rollback']).status).toBe(75);
    expect(feeder.install(feeder.tree({ version: '1.2.0' })).status).toBe(75);
    expect([feeder.current(), feeder.running()]).toEqual(['1.1.0', '1.1.0']);
    expect(feeder.has('opt/cat-feeder/trial')).toBe(false);
  });

  it('but a feeder that somebody stopped, or that does not answer, is no reason to wait', () => {
    const feeder = installed();
    feeder.answers('status', feeding);
    feeder.systemctl('stop', 'cat-feeder.service');
    expect(update(feeder, feeder.offer({ version: '1.1.0' })).status).toBe(0);
    expect(feeder.running()).toBe('1.1.0');
  });
});

function database(path: string, schema: number): void {
  const db = new Database(path);
  db.pragma(`user_version = ${schema}`);
  db.exec('CREATE TABLE meal (grams)');
  db.close();
}

/** One row for each way in which an offer can be wrong. */
const tampering: readonly [string, (offer: string, feeder: FeederRoot) => void, RegExp][] = [
  ['a flipped bit in the tarball', (offer) => flip(tarballOf(offer)), /is not what was signed/],
  ['a truncated tarball', (offer) => truncateSync(tarballOf(offer), 1000), /is not complete/],
  [
    'a longer tarball',
    (offer) => writeFileSync(tarballOf(offer), 'x', { flag: 'a' }),
    /is not complete/,
  ],
  ['no tarball', (offer) => rmSync(tarballOf(offer)), /There is no cat-feeder-1\.1\.0/],
  [
    'another tarball whose sum was put into the description',
    (offer) => {
      writeFileSync(tarballOf(offer), 'evil');
      edit(offer, (manifest) => ({
        ...manifest,
        tarballs: [
          {
            ...manifest.tarballs[0],
            bytes: 4,
            sha256: createHash('sha256').update('evil').digest('hex'),
          },
        ],
      }));
    },
    /not signed by the key/,
  ],
  ['a changed version', (offer) => edit(offer, (m) => ({ ...m, version: '9.9.9' })), /not signed/],
  ['a flipped bit in the signature', (offer) => flip(join(offer, SIGNATURE_FILE)), /not signed/],
  ['an empty signature', (offer) => truncateSync(join(offer, SIGNATURE_FILE)), /not signed/],
  [
    'a truncated description',
    (offer) => truncateSync(join(offer, MANIFEST_FILE), 50),
    /not signed/,
  ],
  ['no signature', (offer) => rmSync(join(offer, SIGNATURE_FILE)), /There is no .*\.sig/],
  ['no description', (offer) => rmSync(join(offer, MANIFEST_FILE)), /There is no /],
  [
    'a description of a megabyte',
    (offer) => writeFileSync(join(offer, MANIFEST_FILE), ' '.repeat(1_000_000)),
    /longer than it may be/,
  ],
  [
    'the signature of a stranger',
    (offer, feeder) => {
      const key = join(feeder.work, 'stranger.pem');
      makeKey(key);
      resign(offer, readFileSync(key, 'utf8'));
    },
    /not signed by the key/,
  ],
  [
    'an older version, rightly signed',
    (offer, feeder) => signed(offer, feeder, (m) => ({ ...m, version: '0.9.0' })),
    /older \(0\.9\.0\) than what is installed/,
  ],
  [
    'a pre-release of the installed version',
    (offer, feeder) => signed(offer, feeder, (m) => ({ ...m, version: '1.0.0-rc.1' })),
    /older/,
  ],
  [
    'another machine',
    (offer, feeder) =>
      signed(offer, feeder, (m) => ({
        ...m,
        tarballs: [{ ...m.tarballs[0], arch: process.arch === 'x64' ? 'arm64' : 'x64' }],
      })),
    /nothing for this machine/,
  ],
  [
    'a path in place of a name',
    (offer, feeder) =>
      signed(offer, feeder, (m) => ({
        ...m,
        tarballs: [{ ...m.tarballs[0], file: '../../etc/passwd.tar.gz' }],
      })),
    /unknown form/,
  ],
  [
    'an unknown field',
    (offer, feeder) => signed(offer, feeder, (m) => ({ ...m, run: 'rm -rf /' })),
    /unknown form/,
  ],
  [
    'signed text that is no JSON',
    (offer, feeder) => {
      writeFileSync(join(offer, MANIFEST_FILE), 'hello');
      resign(offer, readFileSync(feeder.key, 'utf8'));
    },
    /unknown form/,
  ],
  [
    'a tarball of another version, rightly signed',
    (offer, feeder) => signed(offer, feeder, (m) => ({ ...m, version: '1.2.0' })),
    /does not run on this machine/,
  ],
];

interface Manifest {
  readonly version: string;
  readonly tarballs: readonly Readonly<Record<string, unknown>>[];
}

function edit(offer: string, change: (manifest: Manifest) => object): void {
  const path = join(offer, MANIFEST_FILE);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as Manifest)));
}

function resign(offer: string, key: string): void {
  const manifest = readFileSync(join(offer, MANIFEST_FILE));
  writeFileSync(join(offer, SIGNATURE_FILE), signManifest(manifest, key));
}

function signed(offer: string, feeder: FeederRoot, change: (manifest: Manifest) => object): void {
  edit(offer, change);
  resign(offer, readFileSync(feeder.key, 'utf8'));
}

function tarballOf(offer: string): string {
  return join(offer, readdirSync(offer).find((name) => name.endsWith('.tar.gz')) ?? '');
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('FMEA-78 an update that is not what it says is refused, and the running version untouched', () => {
  it('by one sentence each', () => {
    const feeder = installed();
    const before = contentOf(feeder);
    const good = feeder.offer({ version: '1.1.0' });
    for (const [name, tamper, sentence] of tampering) {
      const offer = join(feeder.work, 'tampered');
      rmSync(offer, { recursive: true, force: true });
      execFileSync('cp', ['-R', good, offer]);
      tamper(offer, feeder);
      const ran = update(feeder, offer);
      expect(ran.err, name).toMatch(sentence);
      expect([65, 74], name).toContain(ran.status);
      expectUntouched(feeder);
      expect(contentOf(feeder), name).toEqual(before);
    }
    // The same offer, left alone, is taken: the table above could not pass by itself.
    expect(update(feeder, good).status).toBe(0);
    expect(feeder.running()).toBe('1.1.0');
  });

  it('also when the disk is full', () => {
    const feeder = installed();
    const offer = feeder.offer({ version: '1.1.0' });
    feeder.standIn('df', '#!/bin/sh\necho head\necho fs 100 99 5000 99% /\n');
    const ran = update(feeder, offer);
    expect(ran.err).toMatch(/^The disk is too full: .* Nothing was changed\.\n$/);
    expect(ran.status).toBe(74);
    expectUntouched(feeder);
  });

  it('also while another one is at work', () => {
    const feeder = installed();
    const offer = feeder.offer({ version: '1.1.0' });
    const ran = feeder.exec('flock', [
      feeder.path('opt/cat-feeder/.lock'),
      feeder.path('opt/cat-feeder/current/scripts/update.sh'),
      ...['--root', feeder.root, '--from', offer],
    ]);
    expect(ran.status).toBe(75);
    expectUntouched(feeder);
  });

  it('also when the address cannot be reached or is not safe', () => {
    const feeder = installed();
    writeFileSync(feeder.path('etc/cat-feeder/update-source'), 'http://127.0.0.1:9\n');
    expect(feeder.run('update.sh').err).toMatch(/could not be fetched/);
    writeFileSync(feeder.path('etc/cat-feeder/update-source'), 'http://updates.test\n');
    expect(feeder.run('update.sh').err).toMatch(/only https is/);
    expectUntouched(feeder);
  });
});

function contentOf(feeder: FeederRoot): string {
  return execFileSync(
    'bash',
    [
      '-c',
      'cd "$1" && find . ! -path "./run/*" -type f -exec sha256sum {} + | sort; find . -type l -printf "%p %l\\n" | sort',
      '-',
      feeder.root,
    ],
    { encoding: 'utf8' },
  );
}

/** Ends the power cut's own story: boots until nothing is on trial any more. */
function bootUntilSettled(feeder: FeederRoot): void {
  for (let boots = 0; boots < 4; boots += 1) {
    feeder.boot();
    if (!feeder.has('opt/cat-feeder/trial')) return;
  }
}

/** `FEEDER_CUTS=all` (npm run test:update) tries every step; otherwise one of eight. */
const stride = process.env['FEEDER_CUTS'] === 'all' ? 1 : 8;
const CUTS_MAX = 400;

function expectWorking(feeder: FeederRoot, what: string): void {
  const version = feeder.current();
  const tree = feeder.path(`opt/cat-feeder/releases/${version}`);
  execFileSync('sha256sum', ['--quiet', '-c', 'SHA256SUMS'], { cwd: tree });
  expect(feeder.running(), what).toBe(version);
  expect(feeder.has('opt/cat-feeder/trial'), what).toBe(false);
}

/** The cuts came at the steps that matter: a filter that sees nothing would pass everything. */
function expectDecisiveSteps(steps: readonly string[], offered: Behaviour): void {
  expect(steps.length).toBeGreaterThan(40 / stride);
  if (stride > 1) return;
  const all = steps.join('\n');
  for (const step of ['tar -xzf', 'mv -T -- "$1" "$releases/$2"', 'mv -T -- "$2.cat-feeder-new"']) {
    expect(all).toContain(step);
  }
  expect(all).toContain('rm -f -- "$trial"');
  if (offered === 'crashes') expect(all).toContain('systemctl stop');
}

/** Cuts the power before each changing step of an update, boots, and looks. Returns the steps. */
function cutEverywhere(
  offered: Behaviour,
  judge: (feeder: FeederRoot, offer: string, what: string) => void,
): string[] {
  const steps: string[] = [];
  const first = installed();
  const offer = first.offer({ version: '1.1.0', behaviour: offered });
  for (let at = 1; at <= CUTS_MAX; at += stride) {
    const feeder = first.copy();
    feeder.systemctl('start', 'cat-feeder.service');
    const ran = update(feeder, offer, {
      BASH_ENV: join(import.meta.dirname, 'power-cut.bash'),
      FEEDER_CUT_AT: String(at),
    });
    const isCut = feeder.has('run/cut');
    const what = `cut ${at}: ${isCut ? feeder.text('run/cut').trim() : 'none'}`;
    steps.push(what);
    feeder.losePower();
    bootUntilSettled(feeder);
    expectWorking(feeder, what);
    judge(feeder, offer, what);
    feeder.close();
    if (!isCut) {
      expect(ran.status, what).not.toBe(null);
      return steps;
    }
  }
  throw new Error(`The script has more than ${CUTS_MAX} steps`);
}

describe('a power cut before any step of an update leaves a working version', () => {
  it('when the new release is good', { timeout: 1_800_000 }, () => {
    const steps = cutEverywhere('ready', (feeder, offer, what) => {
      expect(['1.0.0', '1.1.0'], what).toContain(feeder.current());
      // Nothing that the cut left behind is in the way of the next try.
      expect(update(feeder, offer).err, what).toBe('');
      expect(feeder.running(), what).toBe('1.1.0');
    });
    console.log(`${steps.length} power cuts during a good update`);
    expectDecisiveSteps(steps, 'ready');
  });

  it('when the new release fails and is undone', { timeout: 1_800_000 }, () => {
    const steps = cutEverywhere('crashes', (feeder, _offer, what) => {
      expect(feeder.running(), what).toBe('1.0.0');
    });
    console.log(`${steps.length} power cuts during an update that is undone`);
    expectDecisiveSteps(steps, 'crashes');
  });
});
