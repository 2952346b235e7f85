#!/usr/bin/env node
/*
 * Checks a ledger file of a cat feeder without the feeder, its makers or any network: Node 22.18
 * or newer and this one file are enough. What the file looks like: docs/ledger-file.md.
 *
 *   node verify-ledger.ts FILE [--key=KEY]... [--json]
 *
 * KEY is the feeder's public key as you wrote it down before; several when it was changed.
 * Ends with 0: everything holds and is signed by a key of yours. 1: something does not hold, and
 * each such thing is named. 2: this cannot be checked (no such file, no ledger file, wrong use).
 * 3: everything holds, but nothing says that it is your feeder's: no key given, or no signature.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

type Fields = Record<string, unknown>;

interface Segment {
  readonly epoch: number;
  readonly genesis: string;
  readonly base: number;
  readonly head: number;
  /** Number and hash of the last line that was read. */
  at: number;
  hash: Buffer;
  readonly hashes: Map<number, string>;
}

interface Report {
  problems: string[];
  notes: string[];
  entries: number;
  gone: number;
  trimmed: number;
  unsureTimes: number;
  heads: number;
  segments: string[];
  key: string | null;
  signedAtMs: number | null;
}

const NEWLINE = 10;
/** More of the same would only hide the first ones. */
const PROBLEMS_MAX = 20;

/** Equal values, equal text: keys in order, no blanks. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, canonical(inner)]));
}

const textOf = (value: unknown) => JSON.stringify(canonical(value));
const bytesOf = (value: unknown) => Buffer.from(String(value), 'base64url');

/** The hash of an entry that follows `before`. */
function nextHash(before: Buffer, line: Fields): Buffer {
  const kind = Buffer.alloc(3);
  kind.writeUInt16BE(Number(line['kind']), 0);
  kind.writeUInt8(Number(line['kver']), 2);
  const mono = Buffer.alloc(8);
  mono.writeBigUInt64BE(BigInt(Number(line['monoMs'])));
  const pieces = [before, bytesOf(line['eid']), kind, bytesOf(line['boot']), mono];
  const hash = createHash('sha256').update(Buffer.concat(pieces)).update(textOf(line['body']));
  return hash.digest().subarray(0, 8);
}

function isSignedBy(key: unknown, text: string, signature: unknown): boolean {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: String(key) };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(null, Buffer.from(text), publicKey, bytesOf(signature));
  } catch {
    return false;
  }
}

/** The lines of the file with where each ends; one without an end is no line. */
function* linesOf(file: Buffer): Generator<{ readonly text: string; readonly from: number }> {
  for (let from = 0; from < file.length; ) {
    const end = file.indexOf(NEWLINE, from);
    yield { text: file.toString('utf8', from, end < 0 ? file.length : end), from };
    from = end < 0 ? file.length : end + 1;
  }
}

function jsonOf(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as Fields) : null;
  } catch {
    return null;
  }
}

/** The walk through one file. */
class Check {
  readonly report: Report = {
    problems: [],
    notes: [],
    entries: 0,
    gone: 0,
    trimmed: 0,
    unsureTimes: 0,
    heads: 0,
    segments: [],
    key: null,
    signedAtMs: null,
  };
  readonly #segments = new Map<number, Segment>();
  readonly #heads: { readonly where: string; readonly body: Fields }[] = [];

  problem(sentence: string): void {
    if (this.report.problems.length < PROBLEMS_MAX) this.report.problems.push(sentence);
  }

  begin(first: Fields): void {
    for (const named of first['segments'] as Fields[]) {
      const { epoch, genesis, base, head } = named as unknown as Segment;
      const hash = bytesOf(named['baseHash']);
      if (base === 1 && String(named['baseHash']) !== genesis) {
        this.problem(`Epoch ${epoch} does not begin with its genesis.`);
      }
      const hashes = new Map([[base - 1, hash.toString('base64url')]]);
      this.#segments.set(epoch, { epoch, genesis, base, head, at: base - 1, hash, hashes });
      this.report.trimmed += base - 1;
    }
  }

  line(line: Fields, number: number): void {
    try {
      this.#walk(line, number);
    } catch (error) {
      // Numbers or lists that are none: no entry that a feeder has written.
      this.problem(`Line ${number} is no entry of a ledger: ${String(error)}`);
    }
  }

  #walk(line: Fields, number: number): void {
    const segment = this.#segments.get(Number(line['epoch']));
    if (segment === undefined) this.problem(`Line ${number} belongs to no epoch.`);
    else if (Array.isArray(line['gap'])) this.#gap(segment, line);
    else this.#entry(segment, line);
  }

  #gap(segment: Segment, line: Fields): void {
    const [from, to] = line['gap'] as [number, number];
    if (!this.#isNext(segment, from, `the gap ${from} to ${to}`)) return;
    this.report.gone += to - from + 1;
    const why = String(line['why']);
    this.report.notes.push(`Entries ${segment.epoch}:${from} to ${to} are gone (${why}).`);
    this.#move(segment, to, bytesOf(line['hash']));
  }

  #entry(segment: Segment, line: Fields): void {
    const seq = Number(line['seq']);
    const where = `${segment.epoch}:${seq}`;
    if (!this.#isNext(segment, seq, `entry ${where}`)) return;
    const told = String(line['hash']);
    const hash = nextHash(segment.hash, line);
    if (hash.toString('base64url') !== told) {
      this.problem(`Entry ${where} is not what the feeder wrote there: its hash does not follow.`);
    }
    this.report.entries += 1;
    if (Number(line['tq']) < 2) this.report.unsureTimes += 1;
    if (line['kind'] === 24) this.#heads.push({ where, body: line['body'] as Fields });
    // The walk goes on from what is written, so that one wrong entry is one problem.
    this.#move(segment, seq, bytesOf(told));
  }

  #isNext(segment: Segment, seq: number, what: string): boolean {
    const expected = segment.at + 1;
    if (seq === expected) return true;
    if (seq > expected) {
      const missing = `Entry ${segment.epoch}:${expected} is missing`;
      this.problem(`${missing}: ${what} stands in its place, or entries were swapped.`);
      segment.at = seq - 1;
      return true;
    }
    this.problem(`${what} comes too late, or twice: ${segment.epoch}:${expected} belongs there.`);
    return false;
  }

  #move(segment: Segment, at: number, hash: Buffer): void {
    segment.at = at;
    segment.hash = hash;
    segment.hashes.set(at, hash.toString('base64url'));
  }

  /** Every segment must reach the number that the first line names. */
  ends(): void {
    for (const { epoch, base, head, at } of this.#segments.values()) {
      this.report.segments.push(`${epoch}:${base} to ${at}`);
      if (at < head)
        this.problem(
          `The end of epoch ${epoch} is missing: ${head} is its last entry, ${at} is the last one here.`,
        );
      if (at > head) this.problem(`Epoch ${epoch} goes on behind its last entry ${head}.`);
    }
  }

  /** The heads that the feeder signed day by day, inside the ledger. */
  dailyHeads(keys: readonly string[]): void {
    for (const { where, body } of this.#heads) {
      const { signature, ...words } = body;
      const { key, genesis, seq, hash } = words;
      if (!isSignedBy(key, textOf({ ...words, what: 'cat-feeder ledger head 1' }), signature)) {
        this.problem(`The signature in entry ${where} is not one of the key that it names.`);
      } else if (keys.length > 0 && !keys.includes(String(key))) {
        this.problem(`Entry ${where} is signed by another key: ${String(key)}.`);
      } else this.#holdHead(where, String(genesis), Number(seq), String(hash));
    }
  }

  #holdHead(where: string, genesis: string, seq: number, hash: string): void {
    const segment = [...this.#segments.values()].find((one) => one.genesis === genesis);
    const held = segment?.hashes.get(seq);
    if (held === undefined) {
      this.report.notes.push(`What entry ${where} vouches for is not in this file any more.`);
    } else if (held === hash) this.report.heads += 1;
    else this.problem(`Entry ${where} vouches for another entry ${segment?.epoch}:${seq}.`);
  }

  /** The last line: its signature, and whether it speaks of this file. */
  signature(last: Fields, file: { readonly lines: number; readonly sha256: string }): void {
    const signed = last['signed'] as Fields;
    const { key } = signed;
    if (signed['sha256'] !== file.sha256) {
      this.problem('The file is not the one that was signed: its bytes have another SHA-256.');
    }
    if (signed['lines'] !== file.lines) {
      this.problem(`${String(signed['lines'])} lines were signed, ${file.lines} are here.`);
    }
    this.#signedHeads(signed['heads']);
    if (key === null || key === undefined) return;
    this.report.key = String(key);
    this.report.signedAtMs = Number(signed['atMs']);
    const words = textOf({ ...signed, what: 'cat-feeder ledger file 1' });
    if (!isSignedBy(key, words, last['signature'])) {
      this.problem('The signature of the file is not one of the key that it names.');
    }
  }

  #signedHeads(heads: unknown): void {
    const own = [...this.#segments.values()].map((one) => [
      one.genesis,
      one.at,
      one.hash.toString('base64url'),
    ]);
    const told = heads as readonly (readonly unknown[])[];
    own.forEach((head, index) => {
      const [, seq, hash] = told[index] ?? [];
      const [, at] = head;
      if (textOf(told[index]) === textOf(head)) return;
      this.problem(
        `The signed head is entry ${String(seq)} with ${String(hash)}, but the entries lead to ${String(at)} with ${String(head[2])}.`,
      );
    });
    if (told.length !== own.length) this.problem('The signature speaks of other epochs.');
  }
}

/** Checks one file; null when it is no ledger file at all. */
function check(file: Buffer, keys: readonly string[]): Report | null {
  const walk = new Check();
  let number = 0;
  let last: Fields | null = null;
  for (const { text, from } of linesOf(file)) {
    number += 1;
    const line = jsonOf(text);
    if (number === 1) {
      if (line?.['catFeederLedger'] !== 1 || !Array.isArray(line['segments'])) return null;
      walk.begin(line);
    } else if (line === null) {
      walk.problem(`Line ${number} cannot be read: the file is damaged or cut there.`);
    } else if (last !== null) walk.problem(`Line ${number} stands behind the signature.`);
    else if (line['signed'] !== undefined) {
      walk.ends();
      const sha256 = createHash('sha256').update(file.subarray(0, from)).digest('base64url');
      walk.signature(line, { lines: number - 1, sha256 });
      last = line;
    } else walk.line(line, number);
  }
  if (last === null) {
    walk.ends();
    walk.problem('The signature is missing: the end of the file was cut off, or never written.');
  }
  walk.dailyHeads(keys);
  const { key } = walk.report;
  if (key !== null && keys.length > 0 && !keys.includes(key)) {
    walk.problem(`The file is signed by another key: ${key}.`);
  }
  return walk.report;
}

const dayText = (ms: number | null) => (ms === null ? '' : new Date(ms).toISOString());

function reportText(report: Report, isProven: boolean): string {
  const { entries, gone, trimmed, unsureTimes, heads, segments, key, signedAtMs } = report;
  const holds = report.problems.length === 0;
  const lines = [...report.notes, ...report.problems.map((problem) => `WRONG: ${problem}`)];
  lines.push(`${entries} entries (${segments.join(', ')}), ${gone} gone in gaps.`);
  if (holds) {
    const who = isProven ? `the holder of your key` : `whoever has the key ${key ?? '(none)'}`;
    if (key !== null) {
      lines.push(`Proven: ${who} signed exactly these entries, in this order.`);
      lines.push(
        `  Signed at ${dayText(signedAtMs)} by the feeder's clock; ${heads} earlier signatures inside fit, too.`,
      );
    } else lines.push('Proven: the entries follow from each other. Nobody has signed them.');
  }
  lines.push('Not proven:');
  lines.push('  that what the feeder wrote down is what happened;');
  lines.push('  that nothing happened after the last entry;');
  lines.push(
    `  when: times are the feeder's own, and of ${unsureTimes} entries it did not vouch for them;`,
  );
  if (trimmed + gone > 0) {
    lines.push(
      `  what ${trimmed} older entries and ${gone} in gaps said: they are not in the file;`,
    );
  }
  if (!isProven) lines.push('  that this is your feeder: give its key with --key=KEY;');
  lines.push('  that nobody copied the key off the feeder.');
  return lines.join('\n');
}

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { key: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new TypeError('One file is needed.');
  const keys = values.key ?? [];
  const report = check(readFileSync(path), keys);
  if (report === null) throw new TypeError(`${path} is no ledger file.`);
  const isProven = report.key !== null && keys.includes(report.key);
  const verdict = report.problems.length > 0 ? 1 : isProven ? 0 : 3;
  if (values.json === true) console.log(JSON.stringify({ verdict, ...report }));
  else console.log(reportText(report, isProven));
  return verdict;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error('Usage: node verify-ledger.ts FILE [--key=KEY]... [--json]');
  process.exitCode = 2;
}
