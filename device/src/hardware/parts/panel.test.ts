import { describe, expect, it } from 'vitest';
import {
  contactContract,
  frontButtonContract,
  indicatorContract,
  sounderContract,
} from '../../../test/contracts/panel.ts';
import { FakeLines } from '../../../test/support/fake-lines.ts';
import { PwmKernelTree } from '../../../test/support/pwm-kernel.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import type { PressPattern } from '../../platform/front-button.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { LineButton } from './line-button.ts';
import { LineContact } from './line-contact.ts';
import { LineLed } from './line-led.ts';
import { PwmTone } from './pwm-tone.ts';
import { SysfsLed } from './sysfs-led.ts';
import { lineTone, ToneSounder } from './tone-sounder.ts';

function rig() {
  const clock = new VirtualClock();
  return { clock, lines: new FakeLines(clock), pass: async (ms: number) => clock.advance(ms) };
}

function contactRig(closedLevel: 0 | 1) {
  const { clock, lines, pass } = rig();
  const open = closedLevel === 0 ? 1 : 0;
  const part = new LineContact({ name: 'lid', lines, clock, pin: 5, closedLevel });
  return {
    part,
    lines,
    clock,
    pass,
    breakIt: () => lines.lose(5),
    move: (isClosed: boolean) => lines.put(5, isClosed ? closedLevel : open),
    end: () => part.close(),
  };
}

contactContract('a switch to ground', () => contactRig(0));
contactContract('a switch to 3.3 V', () => contactRig(1));

describe('a switch on a line', () => {
  it('asks for the pull that keeps an open switch quiet, and for the kernel’s debounce', () => {
    expect(contactRig(0).lines.requests[0]).toEqual({
      pin: 5,
      activeLow: true,
      bias: 'up',
      debounceMs: 20,
    });
    expect(contactRig(1).lines.requests[0]?.bias).toBe('down');
  });

  it('is not believed while it babbles, and again when it is calm', async () => {
    const bench = contactRig(0);
    const told: (boolean | null)[] = [];
    bench.part.onChange(({ isClosed }) => told.push(isClosed));
    for (let i = 0; i < 20; i++) {
      bench.move(i % 2 === 0);
      await bench.pass(30);
    }
    expect(bench.part.health().state).toBe('babbling');
    expect(bench.part.state().isClosed).toBeNull();
    expect(told.at(-1)).toBeNull();
    await bench.pass(3000);
    // Whoever acts on changes only, as a feeding that runs does, hears of the lid that is open now.
    expect(told.at(-1)).toBe(false);
    expect(bench.part.health().state).toBe('ok');
    expect(bench.part.state().isClosed).toBe(false);
  });

  it('leaves its line free for others when it is closed', () => {
    const bench = contactRig(0);
    bench.part.close();
    expect(bench.lines.isHeld(5)).toBe(false);
  });
});

function buttonRig() {
  const { clock, lines, pass } = rig();
  const part = new LineButton({ lines, clock, pin: 6 });
  const hold = async (ms: number) => {
    lines.put(6, 0);
    await pass(ms);
    lines.put(6, 1);
  };
  const perform = async (pattern: PressPattern) => {
    if (pattern === 'long') await hold(1500);
    else await hold(100);
    await pass(100);
    if (pattern === 'double') await hold(100);
    await pass(1000);
  };
  return {
    part,
    lines,
    clock,
    pass,
    perform,
    breakIt: () => lines.lose(6),
    end: () => part.close(),
  };
}

frontButtonContract('a button on a line', buttonRig);

describe('a button on a line', () => {
  it('that is stuck means one long press, then says that it is stuck', async () => {
    const bench = buttonRig();
    const seen: PressPattern[] = [];
    bench.part.onPattern((pattern) => seen.push(pattern));
    bench.lines.put(6, 0);
    await bench.pass(60_000);
    expect(seen).toEqual(['long']);
    expect(bench.part.health().state).toBe('stuck');
    bench.lines.put(6, 1);
    expect(bench.part.health().state).toBe('ok');
  });

  it('that is down at power-up means nothing', async () => {
    const { clock, pass } = rig();
    const lines = new FakeLines(clock);
    const seen: PressPattern[] = [];
    const held = {
      input: (request: Parameters<FakeLines['input']>[0]) => {
        const line = lines.input(request);
        lines.put(6, 0);
        return line;
      },
      output: lines.output.bind(lines),
      close: () => lines.close(),
    };
    const part = new LineButton({ lines: held, clock, pin: 6 });
    part.onPattern((pattern) => seen.push(pattern));
    await pass(3000);
    lines.put(6, 1);
    await pass(3000);
    expect(seen).toEqual([]);
  });
});

indicatorContract('a light on a line', () => {
  const { clock, lines, pass } = rig();
  const part = new LineLed({ lines, clock, pin: 17 });
  const lightShare = async () => {
    let lit = 0;
    for (let ms = 0; ms < 3000; ms += 10) {
      clock.advance(10);
      if (lines.driven(17) === 1) lit += 10;
    }
    return lit / 3000;
  };
  const breakIt = () => {
    lines.lose(17);
    part.show('pairing');
  };
  return { part, pass, lightShare, breakIt, end: () => part.close() };
});

indicatorContract('a light of the kernel', () => {
  const led = 'sys/class/leds/feeder';
  const folder = new SysfsFolder({ [`${led}/trigger`]: 'none', [`${led}/brightness`]: '0' });
  const part = new SysfsLed({ tree: folder.tree, name: 'feeder' });
  const lightShare = async () => {
    if (folder.text(`${led}/trigger`) === 'none') return Number(folder.text(`${led}/brightness`));
    const onMs = Number(folder.text(`${led}/delay_on`));
    return onMs / (onMs + Number(folder.text(`${led}/delay_off`)));
  };
  return {
    part,
    lightShare,
    pass: async () => {},
    breakIt: () => {
      folder.remove(led);
      part.show('fault');
    },
    end: () => folder.end(),
  };
});

sounderContract('a buzzer on a line', () => {
  const { clock, lines, pass } = rig();
  const part = new ToneSounder({ clock, output: lineTone({ lines, pin: 27 }) });
  return {
    part,
    pass,
    isSounding: () => lines.driven(27) === 1,
    breakIt: () => lines.lose(27),
    end: () => part.close(),
  };
});

sounderContract('a buzzer on the header’s PWM', () => {
  const clock = new VirtualClock();
  const device = 'sys/devices/platform/soc/fe20c000.pwm/pwm/pwmchip0';
  const folder = new SysfsFolder({ [`${device}/pwm0/enable`]: '0' });
  folder.link('sys/class/pwm/pwmchip0', '../../devices/platform/soc/fe20c000.pwm/pwm/pwmchip0');
  const part = new ToneSounder({ clock, output: new PwmTone({ tree: folder.tree, pin: 12 }) });
  const read = () => folder.tree.read(`${device}/pwm0/enable`);
  return {
    part,
    pass: async (ms: number) => clock.advance(ms),
    isSounding: () => read() === '1',
    breakIt: () => folder.remove('sys/class/pwm'),
    end: () => folder.end(),
  };
});

describe('a buzzer on the header’s PWM', () => {
  it('plays the first tone of a sound at its pitch', () => {
    const clock = new VirtualClock();
    const device = 'sys/devices/platform/axi/1f00098000.pwm/pwm/pwmchip2';
    const folder = new SysfsFolder({ [`${device}/pwm1/enable`]: '0' });
    folder.link('sys/class/pwm/pwmchip2', '../../devices/platform/axi/1f00098000.pwm/pwm/pwmchip2');
    const tree = new PwmKernelTree(folder.root);
    const part = new ToneSounder({ clock, output: new PwmTone({ tree, pin: 13 }) });
    // Before its first tone the kernel would refuse to switch it off, and that is no fault.
    part.hush();
    expect(part.health().state).toBe('ok');
    part.play('ready');
    expect(folder.text(`${device}/pwm1/period`)).toBe('1136364');
    expect(folder.text(`${device}/pwm1/duty_cycle`)).toBe('568182');
    part.close();
    expect(folder.text(`${device}/pwm1/enable`)).toBe('0');
    folder.end();
  });
});
