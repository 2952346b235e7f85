import type { BoardFacts, BoardFamily } from '../platform/board-facts.ts';
import type { Wiring } from './wiring-schema.ts';

/*
 * `/dev/serial0` in a profile means the serial port at the header's BCM 14 and 15. On a Pi 5 the
 * system gives that name to the plug for debugging; the header's port is ttyAMA0 there.
 */

const HEADER_NAME = '/dev/serial0';
const PI5_HEADER_PORT = '/dev/ttyAMA0';

/** The device file of the header's serial port on this board. */
export function headerPort(family: BoardFamily): string {
  return family === 'pi5' ? PI5_HEADER_PORT : HEADER_NAME;
}

/** Where a port of a profile is on this board. */
export function portOn(port: string, family: BoardFamily): string {
  return port === HEADER_NAME ? headerPort(family) : port;
}

/** Whether a port of a profile ends at the header's BCM 14 and 15. */
export function isHeaderPort(port: string, family: BoardFamily): boolean {
  if (port === HEADER_NAME || port === headerPort(family)) return true;
  return family !== 'pi5' && /^\/dev\/tty(AMA0|S0)$/.test(port);
}

/** The wiring with the ports of this board. */
export function withPortsOf(wiring: Wiring, { family }: Pick<BoardFacts, 'family'>): Wiring {
  const parts = wiring.parts.map((part) =>
    'port' in part ? { ...part, port: portOn(part.port, family) } : part,
  );
  return { ...wiring, parts };
}
