import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Hardware } from '../config/wiring-schema.ts';
import { isDrive } from '../config/wiring-schema.ts';
import { ReconnectingPort } from '../hardware/io/reconnecting-port.ts';
import { relayLink } from '../hardware/io/relayed-link.ts';
import { openSerialPort } from '../hardware/io/serial-port.ts';
import { BAUD_RATE } from '../hardware/station/open-drive.ts';
import type { Clock } from '../platform/clock.ts';
import { safeChance } from '../platform/safe-random.ts';

/**
 * Opens the motor's serial port, which can only be read in this thread, and gives its bytes to the
 * control loop's. The ends for that thread, by the path of their port.
 */
export function relayPorts(
  hardware: Hardware,
  clock: Clock,
): readonly { readonly path: string; readonly channel: MessagePort }[] {
  if (hardware.kind === 'simulated') return [];
  return hardware.parts.filter(isDrive).flatMap((drive) => {
    if (!('port' in drive)) return [];
    const { port1, port2 } = new MessageChannel();
    const settings = { path: drive.port, baudRate: BAUD_RATE };
    const link = new ReconnectingPort({
      settings,
      open: openSerialPort,
      clock,
      chance: safeChance,
    });
    relayLink(link, port1);
    return [{ path: drive.port, channel: port2 }];
  });
}
