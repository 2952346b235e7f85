import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SysfsFolder } from '../device/test/support/sysfs-folder.ts';

const root = resolve(import.meta.dirname, '..');
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A machine with a PWM that runs, a port for a stepper, and no GPIO chip. */
function machine(): SysfsFolder {
  const folder = new SysfsFolder({ 'dev/serial0': '' });
  const chip = 'sys/devices/fe20c000.pwm';
  folder.put(`${chip}/pwmchip0/pwm0/duty_cycle`, '25000');
  folder.put(`${chip}/pwmchip0/pwm0/enable`, '1');
  folder.link(`${chip}/pwmchip0/device`, '../../fe20c000.pwm');
  folder.link('sys/class/pwm/pwmchip0', '../../devices/fe20c000.pwm/pwmchip0');
  ends.push(() => folder.end());
  return folder;
}

function run(profile: string, folder: SysfsFolder, settings: Record<string, string> = {}) {
  const places = ['--dev', folder.tree.path('dev'), '--sys', folder.tree.path('sys')];
  const program = join(root, 'systemd/motor-safe');
  const { status, stderr } = spawnSync(program, [...places, profile], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...settings },
  });
  return { status, stderr };
}

function profileFile(value: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'motor-safe-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'hardware.json');
  writeFileSync(path, JSON.stringify(value));
  return path;
}

const build = (name: string) => join(root, `device/profiles/boards/${name}.json`);

describe('systemd/motor-safe', () => {
  it('knows the lines of a DC motor, and stops the PWM whatever becomes of them', () => {
    const folder = machine();
    const { status, stderr } = run(build('hx711-dc-motor'), folder);
    expect(status).toBe(1);
    expect(stderr).toContain('there is no GPIO chip called');
    expect(folder.text('sys/devices/fe20c000.pwm/pwmchip0/pwm0/enable')).toBe('0');
    expect(folder.text('sys/devices/fe20c000.pwm/pwmchip0/pwm0/duty_cycle')).toBe('0');
  });

  it('leaves a PWM channel alone that never had a period: the kernel would refuse', () => {
    const folder = machine();
    const channel = 'sys/devices/fe20c000.pwm/pwmchip0/pwm1';
    for (const [name, value] of Object.entries({ period: '0\n', duty_cycle: '-', enable: '-' })) {
      folder.put(`${channel}/${name}`, value);
    }
    run(build('hx711-dc-motor'), folder);
    expect(folder.text(`${channel}/duty_cycle`)).toBe('-');
    expect(folder.text(`${channel}/enable`)).toBe('-');
  });

  it('tells a TMC2209 three times to stand still', () => {
    const folder = machine();
    const { stderr } = run(build('nau7802-tmc2209'), folder);
    expect(stderr).toContain('there is no GPIO chip called');
    const sent = readFileSync(folder.tree.path('dev/serial0')).toString('hex');
    expect(sent).toMatch(/^(0500a200000000..){3}$/);
    expect(new Set(sent.match(/.{16}/g)).size).toBe(1);
  });

  it('finds the header’s port of a Pi 5, whose serial0 is the plug for debugging', () => {
    const folder = machine();
    folder.put('sys/firmware/devicetree/base/model', 'Raspberry Pi 5 Model B Rev 1.0\0');
    folder.put('dev/ttyAMA0', '');
    run(build('nau7802-tmc2209'), folder);
    expect(folder.text('dev/serial0')).toBe('');
    expect(readFileSync(folder.tree.path('dev/ttyAMA0')).toString('hex')).toMatch(/^0500a200/);
  });

  it('has nothing to do for a co-processor, a simulated feeder, or no profile', () => {
    for (const path of [
      build('coprocessor'),
      profileFile({ kind: 'simulated' }),
      '/nowhere/hardware.json',
    ]) {
      expect(run(path, machine())).toEqual({ status: 0, stderr: '' });
    }
  });

  it('knows every drive that can be wired up, and all its output pins', () => {
    const program = readFileSync(join(root, 'systemd/motor-safe'), 'utf8');
    const schema = readFileSync(join(root, 'device/src/config/wiring-schema.ts'), 'utf8');
    const drives = schema.slice(schema.indexOf('const drives'), schema.indexOf('const cells'));
    const names = [...drives.matchAll(/part: v\.literal\('(\w+)'\)([^}]*)/g)];
    expect(names.length).toBeGreaterThan(4);
    for (const [, name = '', fields = ''] of names) {
      const known = new RegExp(`^    ${name}\\s+=> \\{([^}]*)\\}`, 'm').exec(program);
      expect(known, name).not.toBeNull();
      // Plain `pin` fields are outputs; inputs and the speed's PWM have other schemas.
      for (const [, pin = ''] of fields.matchAll(/^ {4}(\w+Pin): pin,/gm)) {
        expect(known?.[1], `${name} ${pin}`).toContain(pin);
      }
    }
  });

  it('asks the kernel for each output at its idle level, and for no other line', () => {
    const folder = machine();
    folder.put('dev/gpiochip0', '');
    const library = join(root, 'scripts/service');
    const places = ['--dev', folder.tree.path('dev'), '--sys', folder.tree.path('sys')];
    const ask = (profile: string) =>
      spawnSync(
        'perl',
        [`-I${library}`, '-MFakeGpio', join(root, 'systemd/motor-safe'), ...places, profile],
        { encoding: 'utf8' },
      );
    const dc = ask(build('hx711-dc-motor'));
    expect(dc.stdout.split('\n').sort().join('\n').trim()).toBe(
      'line 23 output level 0 for cat-feeder motor-safe\nline 24 output level 0 for cat-feeder motor-safe',
    );
    expect([dc.status, dc.stderr]).toEqual([0, '']);
    // ENN of a TMC2209 is off when it is high.
    expect(ask(build('nau7802-tmc2209')).stdout).toBe(
      'line 23 output level 1 for cat-feeder motor-safe\n',
    );
  });

  it('FMEA-05 finds the profile where the daemon finds it, and says when it is not there', () => {
    const nowhere = '/nowhere/hardware.json';
    const board = JSON.parse(readFileSync(build('nau7802-tmc2209'), 'utf8')) as object;
    const settings: readonly Record<string, string>[] = [
      { FEEDER_HARDWARE: build('nau7802-tmc2209') },
      { FEEDER_CONFIG: profileFile({ version: 1, hardware: board }) },
      { FEEDER_CONFIG: profileFile({ hardware: build('nau7802-tmc2209') }) },
      { FEEDER_HARDWARE: build('nau7802-tmc2209'), FEEDER_CONFIG: nowhere },
    ];
    for (const one of settings) {
      const folder = machine();
      expect(run(nowhere, folder, one).stderr).toContain('there is no GPIO chip called');
      expect(readFileSync(folder.tree.path('dev/serial0'))).toHaveLength(24);
    }
    for (const name of ['FEEDER_HARDWARE', 'FEEDER_CONFIG']) {
      const { status, stderr } = run(nowhere, machine(), { [name]: '/nowhere/else.json' });
      expect(status).toBe(78);
      expect(stderr).toMatch(/^motor-safe: \/nowhere\/else\.json cannot be used: No such file/);
    }
  });

  it('goes by the installed profile when the feeder was made a simulated one', () => {
    const folder = machine();
    const simulated = { FEEDER_HARDWARE: 'simulated' };
    expect(run(build('hx711-dc-motor'), folder, simulated).status).toBe(1);
    expect(folder.text('sys/devices/fe20c000.pwm/pwmchip0/pwm0/enable')).toBe('0');
    expect(run('/nowhere/hardware.json', machine(), simulated)).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    [18, 'pwm0', 'fe20c000.pwm', '1'],
    [19, 'pwm3', '1f00098000.pwm', '1'],
    [19, 'pwm3', '1f00098000.pwm', '0'],
  ])(
    'FMEA-05 closes a gate at the PWM of pin %i (%s) before its pulses end, and takes no line',
    (pin, name, device, enable) => {
      const channel = `sys/devices/${device}/pwmchip0/${name}`;
      const folder = new SysfsFolder({
        'dev/gpiochip0': '',
        [`${channel}/period`]: '20000000',
        [`${channel}/enable`]: enable,
      });
      folder.link(`sys/devices/${device}/pwmchip0/device`, `../../${device}`);
      folder.link('sys/class/pwm/pwmchip0', `../../devices/${device}/pwmchip0`);
      // A pipe keeps all that was written, in order.
      const duty = folder.tree.path(`${channel}/duty_cycle`);
      execFileSync('mkfifo', [duty]);
      const pipe = openSync(duty, constants.O_RDWR | constants.O_NONBLOCK);
      ends.push(
        () => closeSync(pipe),
        () => folder.end(),
      );
      const gate = { part: 'servo_gate', way: 'pwm', pin, closedUs: 1100, openUs: 1900 };
      expect(run(profileFile({ kind: 'board', parts: [gate] }), folder)).toEqual({
        status: 0,
        stderr: '',
      });
      const written = Buffer.alloc(64);
      const length = readSync(pipe, written);
      // A gate without pulses was closed before.
      expect(written.toString('utf8', 0, length)).toBe(enable === '1' ? '11000000' : '0');
      expect(folder.text(`${channel}/enable`)).toBe('0');
    },
  );

  it('does not call a profile safe that names no parts', () => {
    const { status, stderr } = run(profileFile({ drive: {} }), machine());
    expect(status).toBe(78);
    expect(stderr).toContain('names no parts');
  });

  it('names a pin that cannot be', () => {
    const parts = [{ part: 'dc_motor', enablePin: 'x', directionPin: null }];
    const { status } = run(profileFile({ kind: 'board', parts }), machine());
    expect(status).toBe(1);
  });
});
