import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

function run(profile: string, folder: SysfsFolder) {
  const places = ['--dev', folder.tree.path('dev'), '--sys', folder.tree.path('sys')];
  const program = join(root, 'systemd/motor-safe');
  const { status, stderr } = spawnSync(program, [...places, profile], { encoding: 'utf8' });
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

  it('tells a TMC2209 three times to stand still', () => {
    const folder = machine();
    const { stderr } = run(build('nau7802-tmc2209'), folder);
    expect(stderr).toContain('there is no GPIO chip called');
    const sent = readFileSync(folder.tree.path('dev/serial0')).toString('hex');
    expect(sent).toMatch(/^(0500a200000000..){3}$/);
    expect(new Set(sent.match(/.{16}/g)).size).toBe(1);
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
