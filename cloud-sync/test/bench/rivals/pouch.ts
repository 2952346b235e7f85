import { createRequire } from 'node:module';
import { join } from 'node:path';

/** As much of PouchDB as is used here; it has no types of its own. */
export interface PouchDatabase {
  put(document: object): Promise<unknown>;
  bulkDocs(documents: readonly object[]): Promise<unknown>;
  info(): Promise<{ readonly update_seq: number }>;
  allDocs(): Promise<{ readonly rows: readonly { readonly id: string }[] }>;
  close(): Promise<void>;
  readonly replicate: {
    to(url: string, options: object): PouchReplication;
  };
}

export interface PouchReplication {
  on(event: 'checkpoint', heard: (told: { readonly checkpoint?: number }) => void): this;
  on(event: 'error', heard: (error: unknown) => void): this;
  cancel(): void;
}

export interface Pouch {
  new (name: string): PouchDatabase;
  defaults(options: object): Pouch;
}

type RequestListener = import('node:http').RequestListener;
export type ExpressPouch = (pouch: Pouch, options: object) => RequestListener;

const from = (folder: string) => createRequire(join(folder, 'package.json'));

/** PouchDB as it was installed into this folder. */
export const loadPouch = (folder: string) => from(folder)('pouchdb') as Pouch;

/** The same for its server. */
export const loadServer = (folder: string) => from(folder)('express-pouchdb') as ExpressPouch;
