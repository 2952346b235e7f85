import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FeederRoot } from './feeder-root.ts';

const made: FeederRoot[] = [];
function feederRoot(isManaged = false): FeederRoot {
  const feeder = new FeederRoot({ isManaged });
  made.push(feeder);
  return feeder;
}
afterEach(() => {
  for (const feeder of made.splice(0)) feeder.close();
});

function withBoot(feeder: FeederRoot): void {
  mkdirSync(feeder.path('boot/firmware'), { recursive: true });
  writeFileSync(feeder.path('boot/firmware/config.txt'), '# mine\ndtparam=audio=on\n');
  writeFileSync(feeder.path('boot/firmware/cmdline.txt'), CMDLINE);
}
const CMDLINE = 'console=serial0,115200 console=tty1 root=PARTUUID=x rootwait\n';

const links = `
etc/sysusers.d/cat-feeder.conf
etc/systemd/system.conf.d/cat-feeder.conf
etc/systemd/system/cat-feeder-guard-boot.service
etc/systemd/system/cat-feeder-guard.service
etc/systemd/system/cat-feeder-guard.timer
etc/systemd/system/cat-feeder-update.service
etc/systemd/system/cat-feeder-update.timer
etc/systemd/system/cat-feeder.service
etc/systemd/system/multi-user.target.wants/cat-feeder-guard-boot.service
etc/systemd/system/multi-user.target.wants/cat-feeder.service
etc/systemd/system/timers.target.wants/cat-feeder-guard.timer
etc/systemd/system/timers.target.wants/cat-feeder-update.timer
etc/tmpfiles.d/cat-feeder.conf
etc/udev/rules.d/60-cat-feeder.rules
usr/local/bin/feeder`
  .trim()
  .split('\n');

describe('install.sh', () => {
  it('A-49, B-68 leaves exactly these files in an empty root, the service enabled', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0' });
    const ran = feeder.install(tree, ['--parts', 'i2c,uart', '--update-url', 'https://x.test/']);
    expect(ran.err + ran.out).toContain('Version 1.0.0 is installed.');
    expect(ran.status).toBe(0);
    const found = execFileSync(
      'find',
      [feeder.root, '!', '-type', 'd', '!', '-path', '*/releases/1.0.0/*', '-printf', '%P\n'],
      { encoding: 'utf8' },
    );
    expect(found.trim().split('\n').sort()).toEqual(
      [
        ...['boot/firmware/cmdline.txt', 'boot/firmware/config.txt'],
        ...['etc/.pwd.lock', 'etc/group', 'etc/gshadow', 'etc/passwd', 'etc/shadow'],
        ...['etc/cat-feeder/environment', 'etc/cat-feeder/serial-console'],
        ...['etc/cat-feeder/update-source', 'etc/modules-load.d/cat-feeder.conf'],
        ...['opt/cat-feeder/.lock', 'opt/cat-feeder/current', ...links],
      ].sort(),
    );
    const copied = spawnSync('diff', ['-r', tree, feeder.path('opt/cat-feeder/releases/1.0.0')]);
    expect(copied.status).toBe(0);
    expect(feeder.current()).toBe('1.0.0');
    expect(feeder.text('etc/cat-feeder/update-source')).toBe('https://x.test\n');
  });

  it('links everything through `current`, to files that the release has', () => {
    const feeder = feederRoot();
    feeder.install(feeder.tree({ version: '1.0.0' }));
    for (const link of links) {
      const target = execFileSync('readlink', [feeder.path(link)], { encoding: 'utf8' }).trim();
      expect(target).toMatch(/^\/opt\/cat-feeder\/current\//);
      expect(feeder.has(target), target).toBe(true);
    }
  });

  it('makes the user without a shell, in the groups of the devices', () => {
    const feeder = feederRoot();
    feeder.install(feeder.tree({ version: '1.0.0' }));
    expect(feeder.text('etc/passwd')).toMatch(
      /^cat-feeder:x:\d+:\d+:Cat feeder:\/var\/lib\/cat-feeder:\/usr\/sbin\/nologin$/m,
    );
    for (const group of ['gpio', 'i2c', 'spi', 'dialout', 'video']) {
      expect(feeder.text('etc/group')).toMatch(new RegExp(`^${group}:x:\\d+:cat-feeder$`, 'm'));
    }
  });

  it('lets lines fall when their holder dies, and frees the UART', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    feeder.install(feeder.tree({ version: '1.0.0' }), ['--parts', 'i2c,uart']);
    expect(feeder.text('boot/firmware/config.txt')).toBe(
      `# mine
dtparam=audio=on
# cat-feeder: begin. Kept by the installer; see docs/installing.md.
# parts: i2c,uart
[all]
dtparam=strict_gpiod
dtparam=watchdog=on
dtparam=i2c_arm=on
enable_uart=1
dtoverlay=disable-bt
dtparam=uart0=on
# cat-feeder: end
`,
    );
    expect(feeder.text('boot/firmware/cmdline.txt')).toBe(
      'console=tty1 root=PARTUUID=x rootwait\n',
    );
  });

  it.each([
    [
      'hx711-dc-motor',
      [
        'dtparam=spi=on',
        'dtparam=i2c_arm=on',
        'dtoverlay=pwm,pin=12,func=4',
        'dtoverlay=i2c-sensor,ina219,addr=0x40',
        'dtoverlay=gpio-led,gpio=17,label=feeder',
      ],
      CMDLINE,
    ],
    [
      'nau7802-tmc2209',
      [
        'dtparam=i2c_arm=on',
        ...['enable_uart=1', 'dtoverlay=disable-bt', 'dtparam=uart0=on'],
        'dtoverlay=pwm,pin=18,func=2',
        'dtoverlay=i2c-rtc,ds3231',
      ],
      'console=tty1 root=PARTUUID=x rootwait\n',
    ],
  ])('writes what the profile %s needs, without being told', (build, lines, cmdline) => {
    const feeder = feederRoot();
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0' });
    expect(feeder.install(tree, ['--hardware', build]).status).toBe(0);
    const written = feeder.text('boot/firmware/config.txt').split('\n').slice(7, -2);
    expect(written.toSorted()).toEqual([...lines].toSorted());
    expect(feeder.text('boot/firmware/cmdline.txt')).toBe(cmdline);
    expect(feeder.text('etc/modules-load.d/cat-feeder.conf')).toBe('i2c-dev\n');
    const before = feeder.snapshot();
    expect(feeder.install(tree).out).toContain('nothing had to be changed');
    expect(feeder.snapshot()).toEqual(before);
  });

  it('leaves an owner’s own PWM line alone, and refuses one that leads elsewhere', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const config = feeder.path('boot/firmware/config.txt');
    const tree = feeder.tree({ version: '1.0.0' });
    writeFileSync(config, 'dtoverlay=pwm-2chan\n');
    const before = feeder.snapshot();
    const ran = feeder.install(tree, ['--hardware', 'hx711-dc-motor']);
    expect(ran.err).toMatch(/^config\.txt has dtoverlay=pwm-2chan of your own.*BCM 12.*func=4/);
    expect(ran.status).toBe(65);
    expect(feeder.snapshot()).toEqual(before);
    writeFileSync(config, 'dtoverlay=pwm-2chan,pin=12,func=4\n');
    expect(feeder.install(tree, ['--hardware', 'hx711-dc-motor']).status).toBe(0);
    expect(feeder.text('boot/firmware/config.txt').match(/^dtoverlay=pwm.*$/gm)).toEqual([
      'dtoverlay=pwm-2chan,pin=12,func=4',
    ]);
  });

  it('does not start before the restart that switches the parts on, however often it is run', () => {
    const feeder = feederRoot(true);
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0', behaviour: 'crashes' });
    for (const _run of [1, 2]) {
      const ran = feeder.install(tree, ['--hardware', 'hx711-dc-motor']);
      expect(ran.err).toBe('');
      expect(ran.out).toMatch(/\nRestart the Pi once, .*: sudo reboot\n$/);
      expect(ran.status).toBe(0);
      expect(feeder.running()).toBeNull();
    }
    const wanted = feeder.path('etc/systemd/system/multi-user.target.wants/cat-feeder.service');
    expect(feeder.snapshot().some((line) => line.startsWith(`${wanted} `))).toBe(true);
    // What is in /run does not outlive the restart; then a feeder that cannot start is told.
    rmSync(feeder.path('run/cat-feeder-restart'));
    expect(feeder.install(tree).status).toBe(1);
  });

  it('begins the trial of an upgrade whose wiring is new with the restart, not before', () => {
    const feeder = feederRoot(true);
    feeder.install(feeder.tree({ version: '1.0.0' }));
    withBoot(feeder);
    const ran = feeder.install(feeder.tree({ version: '1.1.0' }), ['--hardware', 'hx711-dc-motor']);
    expect(ran.err).toBe('');
    expect(ran.out).toMatch(/\nRestart the Pi once, .*: sudo reboot\n$/);
    expect(ran.status).toBe(0);
    // What runs was not touched, and the guard does not take it for a trial that failed.
    expect(feeder.running()).toBe('1.0.0');
    feeder.run('guard.sh');
    expect([feeder.running(), feeder.current()]).toEqual(['1.0.0', '1.1.0']);
    feeder.losePower();
    feeder.boot();
    expect([feeder.running(), feeder.current()]).toEqual(['1.1.0', '1.1.0']);
    expect(feeder.has('opt/cat-feeder/trial')).toBe(false);
  });

  it('goes back from an upgrade whose wiring is new when it does not start after the restart', () => {
    const feeder = feederRoot(true);
    feeder.install(feeder.tree({ version: '1.0.0' }));
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.1.0', behaviour: 'crashes' });
    expect(feeder.install(tree, ['--hardware', 'hx711-dc-motor']).status).toBe(0);
    feeder.losePower();
    feeder.boot();
    expect([feeder.running(), feeder.current()]).toEqual(['1.0.0', '1.0.0']);
  });

  it('asks for a restart when parts are new, and leaves last lines that have no end whole', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree);
    withBoot(feeder);
    writeFileSync(feeder.path('boot/firmware/config.txt'), 'dtparam=audio=on');
    writeFileSync(feeder.path('etc/cat-feeder/environment'), 'FEEDER_PORT=9000');
    const ran = feeder.install(tree, ['--hardware', 'hx711-dc-motor']);
    expect(ran.out).toContain('Version 1.0.0 is installed.\nRestart the Pi once');
    expect(feeder.text('boot/firmware/config.txt')).toMatch(
      /^dtparam=audio=on\n# cat-feeder: begin/,
    );
    expect(feeder.text('etc/cat-feeder/environment')).toMatch(
      /^FEEDER_PORT=9000\nFEEDER_HARDWARE=/,
    );
    expect(feeder.install(tree).out).toMatch(/nothing had to be changed\.\n$/);
    feeder.run('uninstall.sh');
    expect(feeder.text('boot/firmware/config.txt')).toBe('dtparam=audio=on\n');
  });

  it('says without rights what it would do, and does nothing without them', () => {
    const feeder = feederRoot();
    const script = join(feeder.tree({ version: '1.0.0' }), 'scripts/install.sh');
    chmodSync(feeder.work, 0o755);
    const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', script, '--any-os'];
    const as = process.getuid?.() === 0 ? ['setpriv', ...nobody] : [script, '--any-os'];
    const [program = '', ...args] = as;
    expect(feeder.exec(program, args).err).toMatch(/^Run it as root: sudo /);
    const told = feeder.exec(program, [...args, '--dry-run']);
    expect(told.err).toBe('');
    expect(told.out).toMatch(/Nothing was changed \(--dry-run\)\.\n$/);
  });

  it('changes nothing the second time, not even a time stamp, and keeps the wired parts', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree, ['--parts', 'uart']);
    const before = feeder.snapshot();
    const ran = feeder.install(tree);
    expect(ran.out).toBe('Version 1.0.0 is installed; nothing had to be changed.\n');
    expect(feeder.snapshot()).toEqual(before);
  });

  it('--dry-run tells all that it would do and does nothing', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0' });
    const before = feeder.snapshot();
    const told = feeder.install(tree, ['--dry-run', '--parts', 'uart']);
    expect(feeder.snapshot()).toEqual(before);
    const done = feeder.install(tree, ['--parts', 'uart']);
    const steps = (text: string) =>
      text.split('\n').filter((line) => /^(would |)(make|write|link|copy)/.test(line));
    expect(steps(told.out).map((line) => line.replace('would ', ''))).toEqual(steps(done.out));
  });

  it('--hardware puts a checked profile in place and points to it, once', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    for (const _run of [1, 2]) {
      expect(feeder.install(tree, ['--hardware', 'hx711-dc-motor']).err).toBe('');
    }
    expect(feeder.text('etc/cat-feeder/hardware.json')).toBe(
      readFileSync(join(tree, 'device/profiles/boards/hx711-dc-motor.json'), 'utf8'),
    );
    expect(feeder.text('etc/cat-feeder/environment').match(/^FEEDER_HARDWARE=.*$/gm)).toEqual([
      'FEEDER_HARDWARE=/etc/cat-feeder/hardware.json',
    ]);
    const ran = feeder.install(tree, ['--hardware', 'toaster']);
    expect(ran.err).toContain('There is no hardware profile toaster');
    expect(ran.status).toBe(64);
  });

  it('leaves settings as closed as their owner made them', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree);
    chmodSync(feeder.path('etc/cat-feeder/environment'), 0o600);
    feeder.install(tree, ['--hardware', 'hx711-dc-motor']);
    expect(feeder.text('etc/cat-feeder/environment')).toContain('\nFEEDER_HARDWARE=');
    expect(feeder.modeOf('etc/cat-feeder/environment')).toBe('600');
  });

  it('takes nothing of the owner’s when the end of its lines in config.txt is lost', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree);
    const config = feeder.path('boot/firmware/config.txt');
    const cut = feeder.text('boot/firmware/config.txt').replace('# cat-feeder: end\n', '');
    writeFileSync(config, `${cut}dtoverlay=mine\n`);
    feeder.install(tree);
    expect(feeder.text('boot/firmware/config.txt')).toMatch(
      /^dtoverlay=mine\n# cat-feeder: begin/m,
    );
    feeder.run('uninstall.sh');
    expect(feeder.text('boot/firmware/config.txt')).toContain('\ndtoverlay=mine\n');
    expect(feeder.text('boot/firmware/config.txt')).not.toContain('# cat-feeder: begin');
  });

  it('lets the rules for devices hold for those that are there already', () => {
    const feeder = feederRoot(true);
    const log = join(feeder.work, 'told');
    for (const name of ['udevadm', 'systemd-run']) {
      feeder.standIn(name, `#!/bin/sh\necho "${name} $*" >>'${log}'\n`);
    }
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree, ['--dry-run']);
    expect(existsSync(log)).toBe(false);
    mkdirSync(feeder.path('run/udev'), { recursive: true });
    writeFileSync(feeder.path('run/udev/control'), '');
    expect(feeder.install(tree).err).toBe('');
    expect(readFileSync(log, 'utf8')).toMatch(
      /^udevadm control --reload\nsystemd-run .*-- udevadm trigger --action=change .*=gpio .*=pwm .*\n$/,
    );
  });

  it('mends a release that somebody damaged', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree);
    writeFileSync(feeder.path('opt/cat-feeder/releases/1.0.0/feeder.mjs'), 'oops');
    expect(feeder.install(tree).out).toContain('replace the damaged files');
    expect(feeder.text('opt/cat-feeder/releases/1.0.0/feeder.mjs')).toBe(
      readFileSync(join(tree, 'feeder.mjs'), 'utf8'),
    );
  });
});

describe('install.sh refuses with one sentence and leaves nothing behind', () => {
  const refusals: readonly [string, (feeder: FeederRoot, tree: string) => void, RegExp, number][] =
    [
      ['a 32-bit system', (feeder) => program(feeder, 1, 40), /32-bit.*64-bit Raspberry Pi OS/, 65],
      [
        'another processor',
        (feeder) => program(feeder, 2, process.arch === 'x64' ? 183 : 62),
        /take cat-feeder-/,
        65,
      ],
      [
        'a system whose programs are empty',
        (feeder) => {
          mkdirSync(feeder.path('usr/bin'), { recursive: true });
          writeFileSync(feeder.path('usr/bin/env'), '');
        },
        /no sound \/usr\/bin\/env/,
        65,
      ],
      [
        'an old system',
        (feeder) => system(feeder, 'debian', '11'),
        /This is debian 11\. .*12 and 13/,
        65,
      ],
      ['a foreign system', (feeder) => system(feeder, 'alpine', '3'), /This is alpine 3/, 65],
      [
        'a changed file',
        (_, tree) => writeFileSync(join(tree, 'systemd/links'), ''),
        /damaged or incomplete/,
        65,
      ],
      [
        'an added file',
        (_, tree) => writeFileSync(join(tree, 'extra'), ''),
        /damaged or incomplete/,
        65,
      ],
      [
        'a missing file',
        (_, tree) => rmSync(join(tree, 'feeder.mjs')),
        /damaged or incomplete/,
        65,
      ],
      [
        'an added link',
        (_, tree) => symlinkSync('/etc/shadow', join(tree, 'docs/link')),
        /damaged or incomplete/,
        65,
      ],
      [
        'a missing Node.js',
        (_, tree) => rmSync(join(tree, 'bin/node')),
        /damaged or incomplete/,
        65,
      ],
      [
        'no release at all',
        (_, tree) => rmSync(join(tree, 'SHA256SUMS')),
        /not an unpacked release/,
        65,
      ],
    ];
  it.each(refusals)('%s', (_name, prepare, sentence, status) => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    system(feeder, 'debian', '12');
    prepare(feeder, tree);
    const before = feeder.snapshot();
    const ran = feeder.exec(join(tree, 'scripts/install.sh'), ['--root', feeder.root]);
    expect(ran.err).toMatch(sentence);
    expect(ran.err.trim().split('\n')).toHaveLength(1);
    expect(ran.status).toBe(status);
    expect(feeder.snapshot()).toEqual(before);
  });

  it('a wiring that cannot be, before a line of it is in config.txt', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    system(feeder, 'debian', '12');
    withBoot(feeder);
    const name = join(tree, 'device/profiles/boards/hx711-dc-motor.json');
    const profile = join(feeder.work, 'own.json');
    // BCM 22 has no PWM, and no function number that an overlay could be told.
    writeFileSync(profile, readFileSync(name, 'utf8').replace('"pwmPin": 12', '"pwmPin": 22'));
    const before = feeder.snapshot();
    const options = ['--root', feeder.root, '--hardware', profile];
    const ran = feeder.exec(join(tree, 'scripts/install.sh'), options);
    expect(ran.err).toMatch(/BCM 22 of dc_motor has no PWM; use BCM 12, 13, 18 or 19\./);
    expect(ran.status).toBe(65);
    expect(feeder.snapshot()).toEqual(before);
  });

  it('a full disk', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.standIn('df', '#!/bin/sh\necho head\necho fs 100 99 5000 99% /\n');
    const before = feeder.snapshot();
    const ran = feeder.install(tree);
    expect(ran.err).toMatch(
      /^The disk is too full: \S* has 4 MB left, \d+ MB are needed\. Nothing was changed\.\n$/,
    );
    expect(ran.status).toBe(74);
    expect(feeder.snapshot()).toEqual(before);
  });

  it('a full boot partition', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const tree = feeder.tree({ version: '1.0.0' });
    const free = '[[ $2 == */boot/firmware ]] && free=8 || free=9000000';
    const df = `#!/bin/bash\nshift; ${free}\necho head; echo fs 100 99 $free 99% /\n`;
    feeder.standIn('df', df);
    const before = feeder.snapshot();
    const ran = feeder.install(tree);
    expect(ran.err).toMatch(/^The disk is too full: \/boot\/firmware\/ has 0 MB left, .*\n$/);
    expect(ran.status).toBe(74);
    expect(feeder.snapshot()).toEqual(before);
  });

  it('a boot partition that fills up meanwhile, and leaves its file whole', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    const before = feeder.text('boot/firmware/config.txt');
    // Whatever is written to the draft finds the disk full.
    symlinkSync('/dev/full', feeder.path('boot/firmware/config.txt.cat-feeder-new'));
    const tree = feeder.tree({ version: '1.0.0' });
    const ran = feeder.install(tree);
    expect(ran.err).toBe(
      '/boot/firmware/config.txt could not be written; it is as it was. Is the disk full?\n',
    );
    expect(ran.status).toBe(74);
    expect(feeder.text('boot/firmware/config.txt')).toBe(before);
    expect(feeder.has('boot/firmware/config.txt.cat-feeder-new')).toBe(false);
    // The next run finds everything as it needs it.
    expect(feeder.install(tree).status).toBe(0);
    expect(feeder.text('boot/firmware/config.txt')).toContain('# cat-feeder: end');
  });

  it('a tree whose links lead out of it', () => {
    const feeder = feederRoot();
    const outside = join(feeder.work, 'outside');
    mkdirSync(outside);
    symlinkSync(outside, feeder.path('etc'));
    const ran = feeder.install(feeder.tree({ version: '1.0.0' }));
    expect(ran.err).toMatch(/^A link in \S+ leads out of it, to \S+\. Nothing was changed\.\n$/);
    expect(ran.status).toBe(65);
    expect(readdirSync(outside)).toEqual([]);
    expect(feeder.has('opt/cat-feeder')).toBe(false);
  });

  it('a second installer at the same time', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    mkdirSync(feeder.path('opt/cat-feeder'), { recursive: true });
    const ran = feeder.exec('flock', [
      feeder.path('opt/cat-feeder/.lock'),
      ...[join(tree, 'scripts/install.sh'), '--root', feeder.root, '--any-os'],
    ]);
    expect(ran.err).toBe(
      'Another installation, update, backup or restore is running. Nothing was changed.\n',
    );
    expect(ran.status).toBe(75);
    expect(feeder.has('opt/cat-feeder/current')).toBe(false);
  });

  it('an older version than the installed one', () => {
    const feeder = feederRoot();
    feeder.install(feeder.tree({ version: '1.10.0' }));
    const ran = feeder.install(feeder.tree({ version: '1.9.0' }));
    expect(ran.err).toContain('which is older');
    expect(feeder.current()).toBe('1.10.0');
  });
});

function program(feeder: FeederRoot, elfClass: number, machine: number): void {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 'latin1');
  head[4] = elfClass;
  head.writeUInt16LE(machine, 18);
  mkdirSync(feeder.path('usr/bin'), { recursive: true });
  writeFileSync(feeder.path('usr/bin/env'), head);
}

function system(feeder: FeederRoot, id: string, version: string): void {
  mkdirSync(feeder.path('etc'), { recursive: true });
  writeFileSync(feeder.path('etc/os-release'), `ID=${id}\nVERSION_ID="${version}"\n`);
}

describe('guard.sh', () => {
  it('FMEA-05 makes safe what the settings of the service name', () => {
    const feeder = feederRoot();
    feeder.install(feeder.tree({ version: '1.0.0' }));
    const settings = feeder.path('etc/cat-feeder/environment');
    writeFileSync(settings, '#FEEDER_HARDWARE=/x\nFEEDER_HARDWARE="/nowhere/my parts.json"\n');
    const ran = feeder.run('guard.sh', ['--boot']);
    expect(ran.err).toContain('motor-safe: /nowhere/my parts.json cannot be used: No such file');
    expect(ran.err).toContain("Warning: The motor's pins could not be made safe.");
  });
});

describe('uninstall.sh', () => {
  it('leaves data and settings, and the boot files as they were', () => {
    const feeder = feederRoot();
    withBoot(feeder);
    feeder.install(feeder.tree({ version: '1.0.0' }), ['--parts', 'uart']);
    mkdirSync(feeder.path('var/lib/cat-feeder/db'), { recursive: true });
    writeFileSync(feeder.path('var/lib/cat-feeder/db/feeder.db'), 'meals');
    expect(feeder.run('uninstall.sh').status).toBe(0);
    expect(feeder.text('var/lib/cat-feeder/db/feeder.db')).toBe('meals');
    expect(feeder.has('etc/cat-feeder/environment')).toBe(true);
    expect(feeder.has('opt/cat-feeder')).toBe(false);
    expect(feeder.text('boot/firmware/config.txt')).toBe('# mine\ndtparam=audio=on\n');
    expect(feeder.text('boot/firmware/cmdline.txt')).toBe(CMDLINE);
    for (const link of links) expect(feeder.has(link), link).toBe(false);
  });

  it('--delete-data takes data, settings and backups; --dry-run takes nothing', () => {
    const feeder = feederRoot();
    feeder.install(feeder.tree({ version: '1.0.0' }));
    mkdirSync(feeder.path('var/lib/cat-feeder'), { recursive: true });
    const before = feeder.snapshot();
    feeder.run('uninstall.sh', ['--delete-data', '--dry-run']);
    expect(feeder.snapshot()).toEqual(before);
    feeder.run('uninstall.sh', ['--delete-data']);
    for (const path of ['var/lib/cat-feeder', 'etc/cat-feeder', 'opt/cat-feeder']) {
      expect(feeder.has(path), path).toBe(false);
    }
  });

  it('finds its links in a tree with a line end in its name', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    const odd = join(feeder.work, 'odd\nroot');
    mkdirSync(odd);
    const at = (script: string, ...more: string[]) =>
      feeder.exec(join(tree, 'scripts', script), ['--root', odd, ...more]);
    expect(at('install.sh', '--any-os').status).toBe(0);
    expect(at('uninstall.sh').status).toBe(0);
    const left = execFileSync('find', [odd, '-type', 'l'], { encoding: 'utf8' });
    expect(left).toBe('');
  });

  it('has nothing to do the second time', () => {
    const feeder = feederRoot();
    const tree = feeder.tree({ version: '1.0.0' });
    feeder.install(tree);
    feeder.run('uninstall.sh');
    const ran = feeder.exec(join(tree, 'scripts/uninstall.sh'), ['--root', feeder.root]);
    expect(ran.out).toBe('No feeder is installed here; nothing had to be changed.\n');
  });
});

describe('the shipped scripts', () => {
  it.each([
    ['install.sh', '--parts'],
    ['install.sh', '--hardware'],
    ['install.sh', '--update-url'],
    ['install.sh', '--root'],
    ['update.sh', '--from'],
    ['uninstall.sh', '--root'],
    ['backup.sh', '--to'],
    ['restore.sh', '--password-file'],
    ['guard.sh', '--root'],
  ])('%s says what is missing behind %s', (script, option) => {
    const feeder = feederRoot();
    const ran = feeder.exec(join(import.meta.dirname, '..', script), [option]);
    expect(ran.err).toBe(`${option} needs a value; see --help.\n`);
    expect(ran.status).toBe(64);
  });

  it('can be run by everybody and read by shellcheck without a remark', () => {
    const files = execFileSync(
      'git',
      ['ls-files', 'scripts/*.sh', 'systemd/step-back', 'scripts/release'],
      {
        cwd: join(import.meta.dirname, '../..'),
        encoding: 'utf8',
      },
    );
    const names = files.trim().split('\n');
    expect(names.length).toBeGreaterThan(8);
    for (const name of names.filter((file) => !/on-feeder|release-trial|backup-file/.test(file))) {
      expect(statSync(join(import.meta.dirname, '../..', name)).mode & 0o111, name).toBe(0o111);
    }
    const checked = spawnSync('shellcheck', names, {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
    });
    expect(checked.error ?? checked.stdout).toBe('');
  });
});
