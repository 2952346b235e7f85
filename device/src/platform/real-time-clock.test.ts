import { describe, expect, it } from 'vitest';
import { SysfsFolder } from '../../test/support/sysfs-folder.ts';
import { lookAtRtc } from './real-time-clock.ts';

function look(clocks: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const folder = new SysfsFolder();
  for (const [clock, files] of Object.entries(clocks)) {
    for (const [name, text] of Object.entries(files)) {
      folder.put(`sys/class/rtc/${clock}/${name}`, text);
    }
  }
  const view = lookAtRtc(folder.tree);
  folder.end();
  return view;
}

const name = 'rtc-ds1307 1-0068';

describe('lookAtRtc', () => {
  it.each([
    ['absent', {}],
    ['trusted', { rtc0: { name, since_epoch: '1794000000', hctosys: '1' } }],
    ['unused', { rtc0: { name, since_epoch: '1794000000', hctosys: '0' } }],
    // What a DS3231 shows once its battery was out, whatever the system made of it.
    ['implausible', { rtc0: { name, since_epoch: '946684923', hctosys: '1' } }],
    ['implausible', { rtc0: { name, since_epoch: '4102444800', hctosys: '1' } }],
    // A set oscillator-stop flag: the kernel refuses the read.
    ['stopped', { rtc0: { name, hctosys: '0' } }],
    ['stopped', { rtc0: { name, since_epoch: 'nonsense', hctosys: '1' } }],
  ] as const)('finds a clock that is %s', (verdict, clocks) => {
    const view = look(clocks);
    expect(view.verdict).toBe(verdict);
    expect(view.why).toMatch(/\.$/);
  });

  it('takes the best of several', () => {
    const view = look({
      rtc0: { name: 'rpi-rtc', since_epoch: '120', hctosys: '0' },
      rtc1: { name, since_epoch: '1794000000', hctosys: '1' },
    });
    expect(view).toMatchObject({ verdict: 'trusted', name, showsMs: 1_794_000_000_000 });
  });
});
