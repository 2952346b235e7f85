import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** One thing that a program did to its files, or said on its standard output, in order. */
export type TraceEvent =
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'mkdir'; readonly path: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'append'; readonly path: string; readonly data: Buffer }
  | {
      readonly kind: 'copy';
      readonly from: string;
      readonly path: string;
      readonly at: number;
      readonly bytes: number;
    }
  | { readonly kind: 'truncate'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'said'; readonly line: string };

const CALLS = [
  'openat',
  'creat',
  'pwrite64',
  'pwritev',
  'write',
  'writev',
  'fsync',
  'fdatasync',
  'ftruncate',
  'truncate',
  'unlink',
  'unlinkat',
  'rename',
  'renameat',
  'renameat2',
  'mkdir',
  'mkdirat',
  'rmdir',
  'copy_file_range',
  'sendfile',
  'close',
  'lseek',
];
/** The longest single write of the product, and some more. */
const DATA_BYTES_MAX = 8 * 1024 * 1024;
const CHILD_TIMEOUT_MS = 120_000;

/** Runs a program under strace. Throws when it fails; strace must be installed. */
export function traceProgram(args: readonly string[], traceFile: string): void {
  const run = spawnSync(
    'strace',
    [
      '-f',
      '-y',
      '-xx',
      '-s',
      String(DATA_BYTES_MAX),
      '-o',
      traceFile,
      '-e',
      `trace=${CALLS.join(',')}`,
      process.execPath,
      ...args,
    ],
    { encoding: 'utf8', timeout: CHILD_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  if (run.error !== undefined)
    throw new Error('strace cannot be run; install it.', { cause: run.error });
  if (run.status !== 0) throw new Error(`The traced program failed: ${run.stderr}`);
}

/** What a trace says of the files below a directory, and what was printed. */
export function readTrace(traceFile: string, dir: string): TraceEvent[] {
  const reader = new TraceReader(dir);
  for (const line of wholeCalls(readFileSync(traceFile, 'latin1'))) reader.take(line);
  return reader.events;
}

/** Calls that strace split, because another thread came in between, joined again. */
function* wholeCalls(text: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (resumed === null) yield rest;
    else yield `${begun.get(pid) ?? ''}${resumed[1] ?? ''}`;
  }
}

const HEX = '((?:\\\\x[0-9a-f]{2})*)';
const FD = `(\\d+)<${HEX}>`;
const patterns = {
  openat: new RegExp(`^openat\\(\\S+ "${HEX}", ([A-Z_|]+)(?:, \\d+)?\\)\\s+= (\\d+)`),
  pwrite: new RegExp(`^pwrite64\\(${FD}, "${HEX}", \\d+, (\\d+)\\)\\s+= (\\d+)`),
  write: new RegExp(`^write\\(${FD}, "${HEX}", \\d+\\)\\s+= (\\d+)`),
  sync: new RegExp(`^(?:fsync|fdatasync)\\(${FD}\\)\\s+= 0`),
  ftruncate: new RegExp(`^ftruncate\\(${FD}, (\\d+)\\)\\s+= 0`),
  unlink: new RegExp(`^unlink\\("${HEX}"\\)\\s+= 0`),
  unlinkat: new RegExp(`^unlinkat\\(\\S*<${HEX}>, "${HEX}", \\S+\\)\\s+= 0`),
  rmdir: new RegExp(`^rmdir\\("${HEX}"\\)\\s+= 0`),
  rename: new RegExp(`^rename\\("${HEX}", "${HEX}"\\)\\s+= 0`),
  mkdir: new RegExp(`^mkdir\\("${HEX}", \\d+\\)\\s+= 0`),
  copy: new RegExp(
    `^copy_file_range\\(${FD}, (?:\\[(\\d+)\\]|NULL), ${FD}, \\S+, \\d+, \\d+\\)\\s+= (\\d+)`,
  ),
};
/** Calls that the product does not make today; one that succeeds here would be missed silently. */
const UNKNOWN = /^(pwritev|writev|truncate|renameat2?|mkdirat|sendfile|creat)\(.*= [0-9]/;

class TraceReader {
  readonly events: TraceEvent[] = [];
  readonly #dir: string;
  /** Where the next plain write of a descriptor goes; -1 for the end of the file. */
  readonly #offsets = new Map<string, number>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  take(call: string): void {
    if (this.#open(call) || this.#write(call) || this.#name(call)) return;
    const unknown = UNKNOWN.exec(call);
    if (unknown !== null && text(call.replace(/[^\\x0-9a-f]/g, '')).includes(this.#dir)) {
      throw new Error(`The trace has a call that is not modelled: ${unknown[1]}`);
    }
  }

  #open(call: string): boolean {
    const [, name, flags = '', fd = ''] = patterns.openat.exec(call) ?? [];
    if (name === undefined) return false;
    const path = this.#below(name);
    if (path === null) return true;
    this.#offsets.set(fd, flags.includes('O_APPEND') ? -1 : 0);
    if (flags.includes('O_CREAT')) this.events.push({ kind: 'create', path });
    if (flags.includes('O_TRUNC')) this.events.push({ kind: 'truncate', path, bytes: 0 });
    return true;
  }

  #write(call: string): boolean {
    const pwrite = patterns.pwrite.exec(call);
    if (pwrite !== null) {
      const [, , name, data, at, bytes] = pwrite;
      const path = this.#below(name);
      const whole = bytesOf(data).subarray(0, Number(bytes));
      if (path !== null) this.events.push({ kind: 'write', path, at: Number(at), data: whole });
      return true;
    }
    const write = patterns.write.exec(call);
    if (write !== null) {
      const [, fd = '', name, data, bytes] = write;
      this.#plainWrite(fd, name, bytesOf(data).subarray(0, Number(bytes)));
      return true;
    }
    const copy = patterns.copy.exec(call);
    if (copy === null) return false;
    const [, , fromName, fromAt = '0', fd = '', name, bytes] = copy;
    const [from, path] = [this.#below(fromName), this.#below(name)];
    if (from === null || path === null) return true;
    const at = this.#offsets.get(fd) ?? 0;
    if (Number(fromAt) !== at) throw new Error('A copy that moves bytes is not modelled.');
    this.events.push({ kind: 'copy', from, path, at, bytes: Number(bytes) });
    this.#offsets.set(fd, at + Number(bytes));
    return true;
  }

  #plainWrite(fd: string, name: string | undefined, data: Buffer): void {
    if (fd === '1') {
      const lines = data.toString('utf8').split('\n').slice(0, -1);
      for (const line of lines) this.events.push({ kind: 'said', line });
      return;
    }
    const path = this.#below(name);
    if (path === null) return;
    const at = this.#offsets.get(fd) ?? 0;
    if (at < 0) this.events.push({ kind: 'append', path, data });
    else {
      this.events.push({ kind: 'write', path, at, data });
      this.#offsets.set(fd, at + data.length);
    }
  }

  #name(call: string): boolean {
    const push = (event: TraceEvent | null): true => {
      if (event !== null) this.events.push(event);
      return true;
    };
    const one = (found: RegExpExecArray | null, group: number) => this.#below(found?.[group]);
    const sync = patterns.sync.exec(call);
    if (sync !== null) {
      const path = one(sync, 2);
      return push(path === null ? null : { kind: 'sync', path });
    }
    const cut = patterns.ftruncate.exec(call);
    if (cut !== null) {
      const path = one(cut, 2);
      return push(path === null ? null : { kind: 'truncate', path, bytes: Number(cut[3]) });
    }
    const gone = patterns.unlink.exec(call) ?? patterns.rmdir.exec(call);
    if (gone !== null) {
      const path = one(gone, 1);
      return push(path === null ? null : { kind: 'unlink', path });
    }
    const goneAt = patterns.unlinkat.exec(call);
    if (goneAt !== null) {
      const path = this.#inside(resolve(text(goneAt[1]), text(goneAt[2])));
      return push(path === null ? null : { kind: 'unlink', path });
    }
    const made = patterns.mkdir.exec(call);
    if (made !== null) {
      const path = one(made, 1);
      return push(path === null ? null : { kind: 'mkdir', path });
    }
    const moved = patterns.rename.exec(call);
    if (moved === null) return false;
    const [from, to] = [one(moved, 1), one(moved, 2)];
    return push(from === null || to === null ? null : { kind: 'rename', from, to });
  }

  /** The path relative to the directory, '' for itself; null for what lies elsewhere. */
  #below(hex: string | undefined): string | null {
    return hex === undefined ? null : this.#inside(text(hex));
  }

  #inside(path: string): string | null {
    if (path === this.#dir) return '';
    return path.startsWith(`${this.#dir}/`) ? path.slice(this.#dir.length + 1) : null;
  }
}

function bytesOf(hex = ''): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}

function text(hex = ''): string {
  return bytesOf(hex).toString('utf8');
}
