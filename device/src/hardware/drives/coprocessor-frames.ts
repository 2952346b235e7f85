import type { FrameRules, Judgement } from '../io/frame-scanner.ts';
import { more, no } from '../io/frame-scanner.ts';

/*
 * The wire between the feeder and a microcontroller that owns the motor: docs/coprocessor.md.
 *
 *   0xa5 | payload length | sequence | type | payload ... | CRC-16, low byte first
 */

export const SYNC = 0xa5;
export const PROTOCOL_VERSION = 1;
export const PAYLOAD_BYTES_MAX = 32;
const HEAD_BYTES = 4;
const CRC_BYTES = 2;

/** The controller hears a beat every 100 ms; after 300 ms without one it cuts the motor off. */
export const BEAT_MS = 100;
export const CUT_OFF_MS = 300;

const HOST = { hello: 0x01, beat: 0x02, run: 0x03, stop: 0x04, rate: 0x05 } as const;
const CONTROLLER = { hello: 0x81, status: 0x82 } as const;

/** What the feeder says. */
export type HostMessage =
  | { readonly kind: 'hello' }
  | { readonly kind: 'beat' }
  | {
      readonly kind: 'run';
      readonly direction: 'forward' | 'reverse';
      /** 1 to 255: share of full speed. */
      readonly speed255: number;
      /** 1 to 250. */
      readonly maxMs: number;
    }
  | { readonly kind: 'stop' }
  | { readonly kind: 'rate'; readonly mode: 'rest' | 'dispense' };

/** Why the motor stood still last. */
export const stopCauses = ['none', 'slice-end', 'stop', 'silence', 'driver-fault'] as const;
export type StopCause = (typeof stopCauses)[number];

/** What the controller says of itself once it is greeted. */
export interface ControllerHello {
  readonly kind: 'hello';
  readonly protocol: number;
  /** Differs between power-ups. */
  readonly bootId: number;
  readonly hasCurrent: boolean;
  readonly hasHopperCell: boolean;
  readonly hasEdges: boolean;
}

/** What the controller says with each conversion of the bowl's cell. */
export interface ControllerStatus {
  readonly kind: 'status';
  /** Since its power-up; wraps after 49 days. */
  readonly timeMs: number;
  readonly motion: 'off' | 'forward' | 'reverse';
  readonly stopCause: StopCause;
  /** The sequence of the last `run` or `stop` that it obeyed. */
  readonly obeyed: number;
  /** Since its power-up; wraps at 2^32. */
  readonly edges: number;
  readonly milliamps: number | null;
  readonly bowl: number | null;
  readonly hopper: number | null;
  readonly isUndervoltage: boolean;
  /** False after a reset, until it hears a hello: until then it runs nothing. */
  readonly isGreeted: boolean;
}

export type ControllerMessage = ControllerHello | ControllerStatus;

/** A message with the number of its frame, 0 to 255. */
export interface Numbered<Message> {
  readonly sequence: number;
  readonly message: Message;
}

const NO_CURRENT = 0xffff;
const NO_COUNTS = 0x7fff_ffff;
const STATUS_BYTES = 22;
const HELLO_BYTES = 4;

/** CRC-16 with polynomial 0x1021 from 0xffff, highest bit first. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
    }
  }
  return crc;
}

function frame(sequence: number, type: number, payload: Uint8Array): Uint8Array {
  const body = Uint8Array.of(payload.length, sequence, type, ...payload);
  const crc = crc16(body);
  return Uint8Array.of(SYNC, ...body, crc & 0xff, crc >> 8);
}

/** A frame of the feeder. */
export function hostFrame({ sequence, message }: Numbered<HostMessage>): Uint8Array {
  return frame(sequence, HOST[message.kind], hostPayload(message));
}

function hostPayload(message: HostMessage): Uint8Array {
  switch (message.kind) {
    case 'hello':
      return Uint8Array.of(PROTOCOL_VERSION);
    case 'run': {
      const { direction, speed255, maxMs } = message;
      return Uint8Array.of(direction === 'forward' ? 0 : 1, speed255, maxMs & 0xff, maxMs >> 8);
    }
    case 'rate':
      return Uint8Array.of(message.mode === 'rest' ? 0 : 1);
    case 'beat':
    case 'stop':
      return new Uint8Array(0);
  }
}

/** A frame of the controller: for tests, and to check the page that documents it. */
export function controllerFrame({ sequence, message }: Numbered<ControllerMessage>): Uint8Array {
  return message.kind === 'hello'
    ? frame(sequence, CONTROLLER.hello, helloPayload(message))
    : frame(sequence, CONTROLLER.status, statusPayload(message));
}

function helloPayload(hello: ControllerHello): Uint8Array {
  const { protocol, bootId, hasCurrent, hasHopperCell, hasEdges } = hello;
  const features = Number(hasCurrent) | (Number(hasHopperCell) << 1) | (Number(hasEdges) << 2);
  return Uint8Array.of(protocol, bootId & 0xff, bootId >> 8, features);
}

function statusPayload(status: ControllerStatus): Uint8Array {
  const view = new DataView(new ArrayBuffer(STATUS_BYTES));
  view.setUint32(0, status.timeMs, true);
  view.setUint8(4, ['off', 'forward', 'reverse'].indexOf(status.motion));
  view.setUint8(5, stopCauses.indexOf(status.stopCause));
  view.setUint8(6, status.obeyed);
  view.setUint32(7, status.edges, true);
  view.setUint16(11, status.milliamps ?? NO_CURRENT, true);
  view.setInt32(13, status.bowl ?? NO_COUNTS, true);
  view.setInt32(17, status.hopper ?? NO_COUNTS, true);
  view.setUint8(21, Number(status.isUndervoltage) | (Number(status.isGreeted) << 1));
  return new Uint8Array(view.buffer);
}

function readController(type: number, payload: Uint8Array): ControllerMessage | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  if (type === CONTROLLER.hello && payload.length >= HELLO_BYTES) {
    const features = view.getUint8(3);
    return {
      kind: 'hello',
      protocol: view.getUint8(0),
      bootId: view.getUint16(1, true),
      hasCurrent: (features & 1) !== 0,
      hasHopperCell: (features & 2) !== 0,
      hasEdges: (features & 4) !== 0,
    };
  }
  if (type === CONTROLLER.status && payload.length >= STATUS_BYTES) return readStatus(view);
  return null;
}

function readStatus(view: DataView): ControllerStatus | null {
  const motion = (['off', 'forward', 'reverse'] as const)[view.getUint8(4)];
  const stopCause = stopCauses[view.getUint8(5)];
  if (motion === undefined || stopCause === undefined) return null;
  const milliamps = view.getUint16(11, true);
  const counts = (at: number) => {
    const value = view.getInt32(at, true);
    return value >= -0x80_0000 && value <= 0x7f_ffff ? value : null;
  };
  const flags = view.getUint8(21);
  return {
    kind: 'status',
    timeMs: view.getUint32(0, true),
    motion,
    stopCause,
    obeyed: view.getUint8(6),
    edges: view.getUint32(7, true),
    milliamps: milliamps === NO_CURRENT ? null : milliamps,
    bowl: counts(13),
    hopper: counts(17),
    isUndervoltage: (flags & 1) !== 0,
    isGreeted: (flags & 2) !== 0,
  };
}

function readHost(type: number, payload: Uint8Array): HostMessage | null {
  const [first = 0, second = 0, low = 0, high = 0] = payload;
  switch (type) {
    case HOST.hello:
      return first === PROTOCOL_VERSION ? { kind: 'hello' } : null;
    case HOST.beat:
      return payload.length === 0 ? { kind: 'beat' } : null;
    case HOST.stop:
      return payload.length === 0 ? { kind: 'stop' } : null;
    case HOST.rate:
      if (payload.length !== 1) return null;
      return { kind: 'rate', mode: first === 0 ? 'rest' : 'dispense' };
    case HOST.run: {
      const maxMs = low + 256 * high;
      if (payload.length !== 4 || first > 1 || second < 1 || maxMs < 1 || maxMs > 250) return null;
      return {
        kind: 'run',
        direction: first === 0 ? 'forward' : 'reverse',
        speed255: second,
        maxMs,
      };
    }
    default:
      return null;
  }
}

/** Frames of one direction; unknown types are frames without a message. */
function rulesFor<Message>(
  read: (type: number, payload: Uint8Array) => Message | null,
): FrameRules<Numbered<Message | null>> {
  return {
    bytesMax: HEAD_BYTES + PAYLOAD_BYTES_MAX + CRC_BYTES,
    judge: (bytes): Judgement<Numbered<Message | null>> => {
      const [sync = 0, payloadBytes = 0, sequence = 0, type = 0] = bytes;
      if (sync !== SYNC || payloadBytes > PAYLOAD_BYTES_MAX) return no;
      const length = HEAD_BYTES + payloadBytes + CRC_BYTES;
      if (bytes.length < length) return more;
      const crc = (bytes[length - 2] ?? 0) + 256 * (bytes[length - 1] ?? 0);
      if (crc !== crc16(bytes.subarray(1, length - CRC_BYTES))) return no;
      const message = read(type, bytes.slice(HEAD_BYTES, length - CRC_BYTES));
      return { kind: 'frame', length, content: { sequence, message } };
    },
  };
}

/** What the feeder hears. */
export const controllerRules = rulesFor(readController);
/** What the controller hears: for the simulated one. */
export const hostRules = rulesFor(readHost);

/** The sequence that follows. */
export function nextSequence(sequence: number): number {
  return (sequence + 1) & 0xff;
}

/** Is `a` newer than `b`? Half of all numbers lie ahead. */
export function isNewer(a: number, b: number): boolean {
  const ahead = (a - b) & 0xff;
  return ahead >= 1 && ahead < 128;
}
