import type { CommandState, GroupOutcome, SyncDoc, WireEvent } from '@cat-feeder/shared';
import type { OwnHome } from '../own-cloud.ts';
import type { OwnFeeder } from '../own-feeder.ts';

/* What the service must say, as simply as it can be written down. Homes and feeders are numbers. */

/** Entries of one number each, or a gap whose entries the feeder still has. */
export type ModelItem =
  | { readonly eid: string; readonly from: number; readonly to: number; readonly hash: string }
  | {
      readonly withheld: readonly WireEvent[];
      readonly prev: string;
      readonly from: number;
      readonly to: number;
      readonly hash: string;
    };

export interface ModelEpoch {
  readonly epoch: number;
  readonly genesis: string;
  readonly home: number;
  items: ModelItem[];
  head: number;
  hash: string;
}

export interface ModelCommand {
  state: CommandState;
  nonce: string | null;
  readonly mg: number;
  readonly isLate: boolean;
}

export interface ModelWish {
  outcomes: Readonly<Record<string, GroupOutcome>> | null;
  readonly docId: string;
}

export interface ModelFeeder {
  home: number | null;
  isRevoked: boolean;
  /** The newest one that the service gave, and the newest that the feeder knows of. */
  session: number;
  ownSession: number;
  epochs: ModelEpoch[];
  docs: Map<string, { doc: SyncDoc; epoch: number }>;
  commands: Map<string, ModelCommand>;
  wishes: Map<string, ModelWish>;
  /** Ids of commands and wishes in the order in which they were given. */
  down: string[];
  /** Clips by id, with the home that they were sent for. */
  clips: Map<string, { home: number; bytes: number }>;
  /** The last batch as it was sent. */
  last: unknown;
}

export interface Model {
  readonly feeders: readonly ModelFeeder[];
}

/** The service as the commands meet it. */
export interface World {
  readonly urls: readonly string[];
  readonly homes: readonly OwnHome[];
  readonly feeders: readonly OwnFeeder[];
  readonly forgetCache: () => Promise<void>;
}

export function newModelFeeder(): ModelFeeder {
  return {
    ...{ home: null, isRevoked: false, session: 0, ownSession: 0, epochs: [], last: null },
    ...{ docs: new Map(), commands: new Map(), wishes: new Map(), down: [], clips: new Map() },
  };
}

/** The epoch that the feeder writes to. */
export function activeOf(feeder: ModelFeeder): ModelEpoch | undefined {
  return feeder.epochs.at(-1);
}

/** What is open for the feeder, in order. */
export function openItems({ down, commands, wishes }: ModelFeeder): string[] {
  return down.filter(
    (id) => commands.get(id)?.state === 'queued' || wishes.get(id)?.outcomes === null,
  );
}

/** Why a feeder with its token is refused; null: it is not. */
export function barOf(
  { isRevoked, session, ownSession }: ModelFeeder,
  isInSession: boolean,
): { status: number; body: { err: string } } | null {
  if (isRevoked) return { status: 403, body: { err: 'revoked' } };
  const isFenced = isInSession && session !== ownSession;
  return isFenced ? { status: 409, body: { err: 'fenced' } } : null;
}

/** The entries that a home may read, oldest first. */
export function readableEids({ epochs }: ModelFeeder, home: number): string[] {
  return epochs
    .filter((one) => one.home === home)
    .flatMap(({ items }) => items.flatMap((item) => ('eid' in item ? [item.eid] : [])));
}

/** The documents that a home may read. */
export function readableDocs({ epochs, docs }: ModelFeeder, home: number): SyncDoc[] {
  const own = new Set(epochs.filter((one) => one.home === home).map(({ epoch }) => epoch));
  return [...docs.values()]
    .filter(({ doc, epoch }) => own.has(epoch) && !doc.deleted)
    .map(({ doc }) => doc);
}

/** What another owner ends. */
export function changeHome(feeder: ModelFeeder, home: number): void {
  if (feeder.home !== null && feeder.home !== home) {
    for (const command of feeder.commands.values()) {
      if (command.state === 'queued') command.state = 'cancelled';
    }
    for (const wish of feeder.wishes.values()) wish.outcomes ??= { '*': 'rejected' };
  }
  feeder.home = home;
  feeder.isRevoked = false;
}
