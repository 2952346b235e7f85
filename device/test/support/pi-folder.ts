import { SysfsFolder } from './sysfs-folder.ts';

/** A Raspberry Pi 4 as its kernel shows it, with everything that a wiring may want. */
export function piFolder(change: { readonly model?: string } = {}): SysfsFolder {
  const folder = new SysfsFolder({
    'proc/device-tree/model': `${change.model ?? 'Raspberry Pi 4 Model B Rev 1.5'}\0`,
    'proc/sys/kernel/osrelease': '6.12.47+rpt-rpi-v8\n',
    'sys/bus/gpio/devices/gpiochip0/of_node/compatible': 'brcm,bcm2711-gpio\0',
    'sys/bus/gpio/devices/gpiochip1/of_node/compatible': 'raspberrypi,firmware-gpio\0',
    'dev/i2c-1': '',
    'dev/spidev0.0': '',
    'dev/spidev0.1': '',
    'dev/ttyS0': '',
    'dev/ttyAMA0': '',
    'dev/ttyprintk': '',
    'sys/class/tty/console/active': 'tty1 ttyS0\n',
    'sys/bus/serial/devices/.keep': '',
    'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
    'sys/class/hwmon/hwmon1/name': 'rpi_volt\n',
    'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '0\n',
    'sys/class/hwmon/hwmon2/name': 'ina219\n',
    'sys/class/hwmon/hwmon2/curr1_input': '3\n',
    'sys/class/leds/ACT/brightness': '0',
    'sys/class/leds/feeder/brightness': '0',
    'sys/class/rtc/rtc0/name': 'rtc-ds1307 1-0068\n',
    'sys/class/rtc/rtc0/since_epoch': '1794000000\n',
    'sys/class/rtc/rtc0/hctosys': '1\n',
    'sys/bus/iio/devices/iio:device0/name': 'nau7802\n',
    'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
    'sys/class/thermal/thermal_zone0/temp': '48312\n',
    'sys/devices/platform/soc/fe201000.serial/serial0/serial0-0/of_node/compatible':
      'brcm,bcm43438-bt\0',
  });
  folder.link('dev/serial0', 'ttyS0');
  folder.link('dev/serial1', 'ttyAMA0');
  folder.link('sys/class/pwm/pwmchip0', '../../devices/platform/soc/fe20c000.pwm/pwm/pwmchip0');
  folder.link(
    'sys/bus/serial/devices/serial0-0',
    '../../../devices/platform/soc/fe201000.serial/serial0/serial0-0',
  );
  folder.link('sys/class/tty/ttyAMA0', '../../devices/platform/soc/fe201000.serial/tty/ttyAMA0');
  folder.link('sys/class/tty/ttyS0', '../../devices/platform/soc/fe215040.serial/tty/ttyS0');
  return folder;
}
