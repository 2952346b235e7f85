import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDir } from './data-dir.ts';
import type { DocumentStore } from './document-store.ts';

type CopiedDocument = ReturnType<DocumentStore['all']>[number];

interface Copy {
  readonly counter: number;
  readonly documents: readonly CopiedDocument[];
}

/**
 * A second copy of plans, pets and settings beside the database, for the day on which the database
 * and all of its snapshots are lost. Two files in turn, each with its checksum: a power cut in the
 * middle of writing one leaves the other.
 */
export class PlanCopy {
  readonly #paths: readonly [string, string];
  #counter: number;

  constructor(paths: readonly [string, string]) {
    this.#paths = paths;
    this.#counter = this.#newest()?.counter ?? 0;
  }

  /** The newest copy that is whole; null when there is none. */
  read(): readonly CopiedDocument[] | null {
    return this.#newest()?.documents ?? null;
  }

  /** Writes over the older copy. Throws the file system's error; the newer copy stays. */
  write(documents: readonly CopiedDocument[]): void {
    const counter = this.#counter + 1;
    const path = this.#paths[counter % 2 === 0 ? 0 : 1];
    const json = JSON.stringify({ counter, documents } satisfies Copy);
    const text = `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
    const handle = openSync(path, 'a');
    try {
      ftruncateSync(handle, 0);
      writeSync(handle, text);
      fdatasyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (counter <= 2) syncDir(dirname(path));
    this.#counter = counter;
  }

  #newest(): Copy | null {
    const copies = this.#paths.map(readCopy).filter((copy) => copy !== null);
    return copies.sort((a, b) => b.counter - a.counter)[0] ?? null;
  }
}

function readCopy(path: string): Copy | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null; // Not written yet, or unreadable: the other copy counts.
  }
  const json = text.slice(9, -1);
  if (text.slice(0, 8) !== crc32(json).toString(16).padStart(8, '0')) return null;
  return JSON.parse(json) as Copy;
}
