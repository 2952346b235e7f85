import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Dose, FeederError } from '@cat-feeder/shared';
import type { ClaimRecord } from '../feeding/feeding-journal.ts';
import { syncDir } from './data-dir.ts';

/** One claim outside of the database. */
export interface NotedClaim {
  /** The feeding's number in the database; 0 while the database does not have it. */
  readonly n: number;
  readonly claim: ClaimRecord;
  /** The id of the claim before this one: shows whether any is missing in between. */
  readonly after: string | null;
  /** Null until the feeding has ended. */
  readonly dose: Dose | null;
}

/**
 * A second place for claims, beside the database. It holds claims while the database has no room
 * for them, and remembers the last claims for the day on which the database is lost.
 */
export interface EmergencyJournal {
  /**
   * Writes a claim, on disk when it returns. With `n` 0 its slot is kept until it is noted again
   * with the number that the database gave it. Throws `ERR_STORAGE` when there is no free slot or
   * the disk refuses.
   */
  note(noted: NotedClaim): void;
  /** How a noted feeding ended; nothing when its slot was taken since. Throws `ERR_STORAGE`. */
  end(feedingId: string, dose: Dose): void;
  /** The last claims, in order; those that the database does not have (`n` 0) at the end. */
  noted(): readonly NotedClaim[];
  close(): void;
}

const SLOTS = 64;
const SLOT_BYTES = 4096;
const HEADER_BYTES = 16;
const MAGIC = 0x43464a31;
/** How long a sentence may be here: the rest of the claim is short. */
const WHY_LENGTH_MAX = 200;

/**
 * A file whose slots are written in place. Its blocks were taken when it was made, so writing
 * works on a full disk, too (ext4 and f2fs; a copy-on-write file system may refuse). A slot is
 * `magic u32 | length u32 | crc32 u32 | n u32 | JSON`, and a torn one is an empty one.
 */
export class FileEmergencyJournal implements EmergencyJournal {
  readonly #handle: number;
  readonly #slots: (NotedClaim | null)[] = [];
  #next = 0;

  /** Opens the file, or makes it with all of its blocks. Throws `ERR_STORAGE`. */
  constructor(path: string) {
    this.#handle = attempt(() => openWhole(path));
    const buffer = Buffer.alloc(SLOTS * SLOT_BYTES);
    attempt(() => readSync(this.#handle, buffer, 0, buffer.length, 0));
    for (let slot = 0; slot < SLOTS; slot++) {
      this.#slots.push(decode(buffer.subarray(slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES)));
    }
    const newest = Math.max(0, ...this.#slots.map((noted) => noted?.n ?? 0));
    this.#next = newest === 0 ? 0 : this.#slots.findIndex((noted) => noted?.n === newest) + 1;
  }

  note(noted: NotedClaim): void {
    const slot = this.#slotFor(noted.claim.feedingId);
    const known = this.#slots[slot];
    const isSame = known?.claim.feedingId === noted.claim.feedingId;
    this.#write(slot, isSame ? { ...noted, after: known.after } : noted);
  }

  end(feedingId: string, dose: Dose): void {
    const slot = this.#slotOf(feedingId);
    const noted = this.#slots[slot];
    if (noted !== undefined && noted !== null) this.#write(slot, { ...noted, dose });
  }

  noted(): readonly NotedClaim[] {
    return inOrder(this.#slots.filter((noted) => noted !== null));
  }

  close(): void {
    closeSync(this.#handle);
  }

  /** The slot that has this feeding, or the next one in turn that holds nothing unwritten. */
  #slotFor(feedingId: string): number {
    const same = this.#slotOf(feedingId);
    if (same >= 0) return same;
    for (let tries = 0; tries < SLOTS; tries++) {
      const slot = (this.#next + tries) % SLOTS;
      if (this.#slots[slot]?.n === 0) continue;
      this.#next = (slot + 1) % SLOTS;
      return slot;
    }
    throw new FeederError('ERR_STORAGE', { message: 'The emergency journal is full.' });
  }

  #slotOf(feedingId: string): number {
    return this.#slots.findIndex((noted) => noted?.claim.feedingId === feedingId);
  }

  #write(slot: number, noted: NotedClaim): void {
    const bytes = encode(noted);
    attempt(() => {
      writeSync(this.#handle, bytes, 0, bytes.length, slot * SLOT_BYTES);
      fdatasyncSync(this.#handle);
    });
    this.#slots[slot] = noted;
  }
}

/** The same without a file: for stores in memory and for simulated disks. */
export class MemoryEmergencyJournal implements EmergencyJournal {
  #noted: NotedClaim[] = [];

  note(noted: NotedClaim): void {
    const isSame = ({ claim }: NotedClaim) => claim.feedingId === noted.claim.feedingId;
    const same = this.#noted.find(isSame);
    const others = this.#noted.filter((known) => !isSame(known));
    const waiting = others.filter(({ n }) => n === 0);
    if (waiting.length >= SLOTS) {
      throw new FeederError('ERR_STORAGE', { message: 'The emergency journal is full.' });
    }
    const known = others.filter(({ n }) => n > 0).slice(waiting.length + 1 - SLOTS);
    this.#noted = [...known, ...waiting, { ...noted, after: same?.after ?? noted.after }];
  }

  end(feedingId: string, dose: Dose): void {
    this.#noted = this.#noted.map((noted) =>
      noted.claim.feedingId === feedingId ? { ...noted, dose } : noted,
    );
  }

  noted(): readonly NotedClaim[] {
    return inOrder(this.#noted);
  }

  close(): void {}
}

function inOrder(noted: readonly NotedClaim[]): NotedClaim[] {
  const rank = ({ n }: NotedClaim) => (n === 0 ? Number.POSITIVE_INFINITY : n);
  return [...noted].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
}

/** Opens the file with all of its blocks; on a disk that takes no writes, for reading only. */
function openWhole(path: string): number {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    if (existsSync(path) && statSync(path).size >= SLOTS * SLOT_BYTES) return openSync(path, 'r');
    throw error;
  }
  const handle = openSync(path, 'r+');
  try {
    if (fstatSync(handle).size >= SLOTS * SLOT_BYTES) return handle;
    writeSync(handle, Buffer.alloc(SLOTS * SLOT_BYTES, 0xff), 0, SLOTS * SLOT_BYTES, 0);
    fsyncSync(handle);
    syncDir(dirname(path));
    return handle;
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

function encode({ n, claim, after, dose }: NotedClaim): Buffer {
  const short = { ...claim, why: claim.why.slice(0, WHY_LENGTH_MAX) };
  const json = Buffer.from(JSON.stringify({ claim: short, after, dose }), 'utf8');
  const bytes = Buffer.alloc(SLOT_BYTES);
  if (json.length > SLOT_BYTES - HEADER_BYTES) {
    throw new FeederError('ERR_STORAGE', { message: 'The claim is too long for its slot.' });
  }
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(json.length, 4);
  bytes.writeUInt32BE(n, 12);
  json.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, HEADER_BYTES + json.length)), 8);
  return bytes;
}

function decode(bytes: Buffer): NotedClaim | null {
  const length = bytes.readUInt32BE(4);
  if (bytes.readUInt32BE(0) !== MAGIC || length > SLOT_BYTES - HEADER_BYTES) return null;
  const covered = bytes.subarray(12, HEADER_BYTES + length);
  if (crc32(covered) !== bytes.readUInt32BE(8)) return null;
  const json = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length).toString('utf8');
  return { ...(JSON.parse(json) as Omit<NotedClaim, 'n'>), n: bytes.readUInt32BE(12) };
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FeederError) throw error;
    throw new FeederError('ERR_STORAGE', {
      message: 'The emergency journal cannot be used.',
      cause: error,
    });
  }
}
