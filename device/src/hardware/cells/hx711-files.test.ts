import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'vitest';
import { cellSourceContract } from '../../../test/contracts/cell-source.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import type { Cancel } from '../../platform/clock.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { Hx711Cell } from './hx711-cell.ts';

/** Bounds every wait, in virtual time. */
const LIMIT_MS = 100_000;
/** The kernel gives offset-binary. */
const OFFSET = 0x80_0000;
const device = 'sys/bus/iio/devices/iio:device0';

/** Virtual time that stands still while a file is read: the driver's next timer ends the reading. */
class FileClock extends VirtualClock {
  isReading = false;

  override after(name: string, delayMs: number, fire: () => void): Cancel {
    if (!name.startsWith('hx711')) return super.after(name, delayMs, fire);
    this.isReading = false;
    return super.after(name, delayMs, () => {
      this.isReading = true;
      fire();
    });
  }
}

cellSourceContract('an HX711 by files of the kernel', () => {
  const folder = new SysfsFolder({
    [`${device}/name`]: 'hx711\n',
    [`${device}/in_voltage0_raw`]: `${OFFSET}\n`,
  });
  const clock = new FileClock();
  const part = new Hx711Cell({
    name: 'bowl',
    board: null,
    sources: [{ kind: 'iio', root: folder.root }],
    gain: 128,
    rate: { kind: 'fixed', samplesPerSecond: 10 },
    clock,
    chance: () => 0,
  });
  let isEnded = false;
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 10) {
      clock.advance(10);
      while (clock.isReading && !isEnded) await turn();
      await turn();
    }
  };
  // A self-test waits for a conversion: time passes by itself until there is one.
  const run = async () => {
    while (!isEnded && part.health().state === 'silent') await pass(10);
  };
  void run();
  return {
    part,
    pass,
    until: async (isSo) => {
      for (let ms = 0; !isSo(); ms += 10) {
        expect(ms, 'it never came to be').toBeLessThan(LIMIT_MS);
        await pass(10);
      }
    },
    weigh: (counts) => {
      const path = join(folder.root, device, 'in_voltage0_raw');
      // In one step, as the kernel's files are never half written.
      writeFileSync(`${path}.new`, `${counts + OFFSET}\n`);
      renameSync(`${path}.new`, path);
    },
    breakIt: () => folder.remove(device),
    end: () => {
      isEnded = true;
      part.close();
      folder.end();
    },
  };
});
