import type { Machine } from '../../src/cli/doctor/machine.ts';
import { PiBoard } from '../../src/hardware/parts/pi-board.ts';
import { SysfsThermometer } from '../../src/hardware/parts/sysfs-thermometer.ts';
import { piFolder } from './pi-folder.ts';
import type { SysfsFolder } from './sysfs-folder.ts';

/** A Pi on which everything is as it should be; a test changes its files. */
export interface FakeMachine extends Machine {
  readonly folder: SysfsFolder;
  /** Holders of lines by their number. */
  readonly owners: Map<number, string>;
}

export function fakeMachine(): FakeMachine {
  const folder = piFolder();
  folder.put('etc/os-release', 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\n');
  folder.put('etc/group', 'root:x:0:\ngpio:x:1:cat\ni2c:x:2:cat\nspi:x:3:cat\ndialout:x:4:cat\n');
  folder.put('etc/passwd', 'root:x:0:0\ncat:x:1000:1000\n');
  folder.put('run/systemd/timesync/synchronized', '');
  folder.put('boot/firmware/config.txt', 'dtparam=spi=on\ndtparam=strict_gpiod\n#dtparam=x\n');
  folder.put('sys/class/net/lo/operstate', 'unknown');
  folder.put('sys/class/net/wlan0/operstate', 'up');
  folder.put('sys/block/mmcblk0/stat', '1 2 3 4 5 6 4000000 8 9 10 11');
  folder.put('sys/block/mmcblk0/device/name', 'SD64G');
  folder.put('sys/block/loop0/stat', '0');
  const owners = new Map<number, string>();
  const { tree } = folder;
  return {
    folder,
    owners,
    tree,
    user: 'cat',
    board: () => new PiBoard({ tree, arch: 'arm64' }).facts(),
    temperatures: () => new SysfsThermometer({ tree }).read(),
    lineOwner: (_, line) => owners.get(line) ?? '',
  };
}
