import { dirname } from 'node:path';
import type { TraceEvent } from './trace.ts';

/** A change that a power cut may still take back. */
type Change = Exclude<TraceEvent, { kind: 'sync' | 'said' | 'append' | 'copy' }> & {
  /** For data: which file, whatever its name is by now. */
  readonly file?: number;
};

/** What of the unsynced changes a power cut leaves: none, all, some, or some in torn sectors. */
export type CutMode = 'none' | 'all' | 'some' | 'torn';
export const CUT_MODES: readonly CutMode[] = ['none', 'all', 'some', 'torn'];

const SECTOR_BYTES = 512;

/** Files by path, and directories. */
export interface DiskState {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly dirs: ReadonlySet<string>;
}

export const EMPTY_DISK: DiskState = { files: new Map(), dirs: new Set() };

/**
 * A disk that keeps what it was told to keep and nothing else for sure. Data is durable after a
 * sync of its file; names (created, renamed, removed) after a sync of their directory. Everything
 * else may be there after a power cut or not, each change by itself: that is harder than any
 * journaling file system of today, so what survives here survives there.
 */
export class DiskModel {
  readonly #contents: Buffer[] = [];
  readonly #names = new Map<string, number>();
  readonly #dirs = new Set<string>(['']);
  /** What the running program sees. */
  readonly #seen = new Map<string, number>();
  readonly #seenSizes: number[] = [];
  readonly #seenData: Buffer[] = [];
  #volatile: Change[] = [];

  constructor(initial: DiskState = EMPTY_DISK) {
    for (const dir of initial.dirs) this.#dirs.add(dir);
    for (const [path, data] of initial.files) {
      const file = this.#newFile(data);
      this.#names.set(path, file);
      this.#seen.set(path, file);
    }
  }

  /** How many changes a power cut could take back now. */
  get volatileCount(): number {
    return this.#volatile.length;
  }

  apply(event: TraceEvent): void {
    if (event.kind === 'said') return;
    if (event.kind === 'sync') this.#sync(event.path);
    else if (event.kind === 'append') {
      const at = this.#seenSizes[this.#fileAt(event.path)] ?? 0;
      this.#change({ kind: 'write', path: event.path, at, data: event.data });
    } else if (event.kind === 'copy') {
      const source = this.#seenData[this.#fileAt(event.from)] ?? Buffer.alloc(0);
      const data = Buffer.from(source.subarray(event.at, event.at + event.bytes));
      this.#change({ kind: 'write', path: event.path, at: event.at, data });
    } else if (event.kind !== 'create' || !this.#seen.has(event.path)) this.#change(event);
  }

  /** The disk after a power cut now. `random` chooses, where the mode leaves a choice. */
  afterCut(mode: CutMode, random: { uint32(): number }): DiskState {
    const names = new Map(this.#names);
    const dirs = new Set(this.#dirs);
    const copies = new Map<number, Buffer>();
    const content = (file: number) => copies.get(file) ?? this.#contents[file] ?? Buffer.alloc(0);
    const isKept = () => mode === 'all' || (mode !== 'none' && random.uint32() % 2 === 0);
    for (const change of this.#volatile) {
      if (change.kind === 'write' && mode === 'torn') {
        for (const part of sectors(change.at, change.data)) {
          if (isKept()) copies.set(change.file ?? 0, patch(content(change.file ?? 0), part));
        }
      } else if (isKept()) {
        if (change.kind === 'write' || change.kind === 'truncate') {
          copies.set(change.file ?? 0, patch(content(change.file ?? 0), change));
        } else rename(names, dirs, change);
      }
    }
    const files = new Map<string, Buffer>();
    for (const [path, file] of names) {
      if (isReachable(path, dirs)) files.set(path, content(file));
    }
    return { files, dirs: new Set([...dirs].filter((dir) => isReachable(`${dir}/x`, dirs))) };
  }

  #change(event: Exclude<TraceEvent, { kind: 'sync' | 'said' | 'append' | 'copy' }>): void {
    if (event.kind === 'write' || event.kind === 'truncate') {
      const file = this.#fileAt(event.path);
      this.#seenData[file] = patch(this.#seenData[file] ?? Buffer.alloc(0), event);
      this.#seenSizes[file] = this.#seenData[file].length;
      this.#volatile.push({ ...event, file });
      return;
    }
    const file = event.kind === 'create' ? this.#newFile(Buffer.alloc(0)) : undefined;
    const change: Change = file === undefined ? event : { ...event, file };
    rename(this.#seen, new Set(), change);
    this.#volatile.push(change);
  }

  /** A sync of a file makes its data durable, one of a directory the names in it. */
  #sync(path: string): void {
    const file = this.#seen.get(path);
    this.#volatile = this.#volatile.filter((change) => {
      const isData = change.kind === 'write' || change.kind === 'truncate';
      if (isData && file !== undefined && change.file === file) {
        this.#contents[file] = patch(this.#contents[file] ?? Buffer.alloc(0), change);
        return false;
      }
      if (isData || file !== undefined || dirOf(change) !== path) return true;
      rename(this.#names, this.#dirs, change);
      return false;
    });
  }

  #newFile(data: Buffer): number {
    this.#contents.push(data);
    this.#seenData.push(data);
    this.#seenSizes.push(data.length);
    return this.#contents.length - 1;
  }

  #fileAt(path: string): number {
    const file = this.#seen.get(path);
    if (file === undefined) throw new Error(`The trace uses ${path}, which nobody made.`);
    return file;
  }
}

function dirOf(change: Change): string {
  const path = change.kind === 'rename' ? change.to : change.path;
  const dir = dirname(path);
  return dir === '.' ? '' : dir;
}

/** Applies a change of names; one whose file is not there changes nothing. */
function rename(names: Map<string, number>, dirs: Set<string>, change: Change): void {
  if (change.kind === 'create' && change.file !== undefined) names.set(change.path, change.file);
  else if (change.kind === 'mkdir') dirs.add(change.path);
  else if (change.kind === 'unlink') {
    names.delete(change.path);
    dirs.delete(change.path);
  } else if (change.kind === 'rename') {
    const { from, to } = change;
    for (const [path, file] of [...names]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      names.delete(path);
      names.set(`${to}${path.slice(from.length)}`, file);
    }
    for (const dir of [...dirs]) {
      if (dir !== from && !dir.startsWith(`${from}/`)) continue;
      dirs.delete(dir);
      dirs.add(`${to}${dir.slice(from.length)}`);
    }
  }
}

function isReachable(path: string, dirs: ReadonlySet<string>): boolean {
  for (let dir = dirname(path); dir !== '.'; dir = dirname(dir)) {
    if (dir !== '' && !dirs.has(dir)) return false;
    if (dir === '') break;
  }
  return true;
}

type Patch =
  | { readonly kind: 'write'; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly bytes: number };

function patch(content: Buffer, change: Patch): Buffer {
  const bytes =
    change.kind === 'truncate'
      ? change.bytes
      : Math.max(content.length, change.at + change.data.length);
  const next = Buffer.alloc(bytes);
  content.copy(next, 0, 0, Math.min(content.length, bytes));
  if (change.kind === 'write') change.data.copy(next, change.at);
  return next;
}

function sectors(at: number, data: Buffer): { kind: 'write'; at: number; data: Buffer }[] {
  const parts: { kind: 'write'; at: number; data: Buffer }[] = [];
  for (let from = at; from < at + data.length; ) {
    const to = Math.min(at + data.length, (Math.floor(from / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    parts.push({ kind: 'write', at: from, data: data.subarray(from - at, to - at) });
    from = to;
  }
  return parts;
}
