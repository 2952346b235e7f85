import type { TagProtocol } from '../../pets/pet-reader.ts';
import { type FrameRules, type Judgement, more, no } from '../io/frame-scanner.ts';

/** The readers whose frames are known. */
export type ReaderKind = 'wl134a' | 'rfidrw-e' | 'rdm6300' | 'longrfid' | 'positivid';

/** What a frame says, before time and raw bytes are added. */
export interface FrameTag {
  readonly protocol: TagProtocol;
  readonly id: string;
  readonly isAnimal: boolean | null;
}

/** How one kind of reader speaks. Its frames hold a tag, or are an answer that names none (null). */
export interface FrameFormat extends FrameRules<FrameTag | null> {
  readonly kind: ReaderKind;
  /** As people know it. */
  readonly name: string;
  readonly baudRate: number;
  /** Sent when the port has opened; the reader owes an answer, tag or not. Null: it only talks. */
  readonly hello: Uint8Array | null;
}

/** What is allowed at one place of a frame. */
export type ByteRule = (byte: number) => boolean;

export const is =
  (wanted: number): ByteRule =>
  (byte) =>
    byte === wanted;
export const isHexDigit: ByteRule = (byte) =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46);
export const isDigit: ByteRule = (byte) => byte >= 0x30 && byte <= 0x39;
export const isFlag: ByteRule = (byte) => byte === 0x30 || byte === 0x31;
export const isAny: ByteRule = () => true;
/** A line may end with CR LF, CR or LF: its first byte ends the frame. */
export const isLineEnd: ByteRule = (byte) => byte === 0x0d || byte === 0x0a;

/** So many places with the same rule. */
export function places(count: number, rule: ByteRule): ByteRule[] {
  return Array.from({ length: count }, () => rule);
}

/** Places that hold exactly this text. */
export function text(wanted: string): ByteRule[] {
  return [...wanted].map((letter) => is(letter.charCodeAt(0)));
}

/**
 * Judges a frame of fixed places. Each byte is checked as soon as it has come, so that a false
 * start inside noise never holds back a true frame longer than it fits.
 */
export function judgePlaces(
  bytes: Uint8Array,
  rules: readonly ByteRule[],
  read: (frame: Uint8Array) => FrameTag | null,
): Judgement<FrameTag> {
  const known = Math.min(bytes.length, rules.length);
  for (let at = 0; at < known; at++) {
    if (!rules[at]?.(bytes[at] ?? 0)) return no;
  }
  if (known < rules.length) return more;
  const tag = read(bytes.subarray(0, rules.length));
  return tag === null ? no : { kind: 'frame', length: rules.length, content: tag };
}

/** The bytes from one place up to another as text of one letter per byte. */
export function textAt(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** All bytes combined by exclusive or. */
export function xorOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum ^ byte, 0);
}
