import {
  bytesToText,
  canonicalJson,
  chainText,
  type DocState,
  type EventBody,
  type EventClass,
  type EventName,
  eventKinds,
  type GroupOutcome,
  HASH_BYTES,
  type RandomBytes,
  type Sha256,
} from '@cat-feeder/shared';
import type {
  ForkPlan,
  LocalCommand,
  LogEvent,
  LogItem,
  LogSegment,
  SyncNow,
  SyncNumber,
  SyncStore,
} from '../../device/src/sync/sync-store.ts';
import { docOf, endOf, firstEndingAt } from './log-items.ts';

/** Everything on the card. Never changed: each commit makes a new one, so an old one is an image. */
export interface DiskData {
  /** Of the commit: an image with a later one is of a life that this card has lost. */
  readonly serial: number;
  readonly segments: readonly LogSegment[];
  readonly items: ReadonlyMap<number, readonly LogItem[]>;
  readonly docs: ReadonlyMap<string, DocState>;
  readonly mutations: ReadonlyMap<string, Readonly<Record<string, GroupOutcome>>>;
  readonly commands: ReadonlyMap<string, LocalCommand>;
  readonly numbers: Readonly<Record<SyncNumber, number>>;
  /** The book of feedings: what was begun for a command, and what was served. */
  readonly feedings: ReadonlyMap<string, 'begun' | 'served'>;
  /** Of each document whose newest entries retention took: the epoch of the newest of those. */
  readonly touched: ReadonlyMap<string, number>;
}

interface Draft {
  serial: number;
  segments: LogSegment[];
  items: Map<number, readonly LogItem[]>;
  docs: Map<string, DocState>;
  mutations: Map<string, Readonly<Record<string, GroupOutcome>>>;
  commands: Map<string, LocalCommand>;
  numbers: Record<SyncNumber, number>;
  feedings: Map<string, 'begun' | 'served'>;
  touched: Map<string, number>;
}

/** What the disk asks of its feeder, and where the world can hurt it. */
export interface DiskPorts {
  readonly random: RandomBytes;
  readonly sha256: Sha256;
  readonly now: () => SyncNow & { readonly boot: string };
  /** May throw: the power fails before the commit. */
  readonly beforeCommit: (name: string) => void;
  /** May throw: the power fails after the commit. */
  readonly afterCommit: (name: string) => void;
  /** What was done, each when its transaction is committed. */
  readonly created: (event: LogEvent) => void;
  readonly opened: (genesis: string) => void;
  readonly letGo: (event: LogEvent) => void;
  readonly docPut: (before: DocState | undefined, after: DocState) => void;
  readonly cursorMoved: (from: number, to: number) => void;
}

/** Commits that a lying card may lose. */
const UNSAFE_COMMITS = 4;
const DOC_KINDS = new Set([
  eventKinds['doc.changed'].number,
  eventKinds['mutation.closed'].number,
  eventKinds['doc.snapshot'].number,
]);

/** A card as it leaves the factory: a ledger without entries. */
export function blankDisk(random: RandomBytes): DiskData {
  const genesis = bytesToText(random(HASH_BYTES));
  const segment: LogSegment = {
    ...{ epoch: 0, genesis, base: 1, baseHash: genesis, head: 0, acked: 0 },
    ...{ closed: false, pendingGenesis: null },
  };
  return {
    serial: 0,
    segments: [segment],
    items: new Map([[0, []]]),
    docs: new Map(),
    mutations: new Map(),
    commands: new Map(),
    numbers: { cursor: 0, session: 0, attempt: 0 },
    feedings: new Map(),
    touched: new Map(),
  };
}

/** The feeder's database in memory: all or nothing, and durable unless the card lies. */
export class MemoryDisk implements SyncStore {
  data: DiskData;
  readonly #ports: DiskPorts;
  #recent: DiskData[] = [];
  #draft: Draft | null = null;
  /** What is told when the running transaction is committed. */
  #told: (() => void)[] = [];

  constructor(data: DiskData, ports: DiskPorts) {
    this.data = data;
    this.#ports = ports;
  }

  /** Somebody puts in another card, or writes an image to this one. */
  replace(data: DiskData): void {
    this.data = data;
    this.#recent = [];
  }

  /** The card forgets its newest commits, as one that lies about its cache may. */
  loseCommits(count: number): void {
    const older = this.#recent.at(-count) ?? this.#recent[0];
    if (older !== undefined) this.data = older;
    this.#recent = [];
  }

  transact<T>(name: string, work: () => T): T {
    if (this.#draft !== null) return work();
    const { segments, items, docs, mutations, commands, numbers, feedings, touched } = this.data;
    this.#draft = {
      serial: this.data.serial + 1,
      segments: [...segments],
      items: new Map(items),
      docs: new Map(docs),
      mutations: new Map(mutations),
      commands: new Map(commands),
      numbers: { ...numbers },
      feedings: new Map(feedings),
      touched: new Map(touched),
    };
    try {
      const result = work();
      this.#ports.beforeCommit(name);
      this.#recent = [...this.#recent.slice(1 - UNSAFE_COMMITS), this.data];
      this.data = this.#draft;
      this.#draft = null;
      for (const tell of this.#told) tell();
      this.#ports.afterCommit(name);
      return result;
    } finally {
      this.#draft = null;
      this.#told = [];
    }
  }

  /** Runs `tell` once the running transaction is committed, and never if it is not. */
  onCommit(tell: () => void): void {
    this.#told.push(tell);
  }

  get #view(): DiskData {
    return this.#draft ?? this.data;
  }

  get #writable(): Draft {
    if (this.#draft === null) throw new TypeError('A write outside of a transaction.');
    return this.#draft;
  }

  segments(): readonly LogSegment[] {
    return this.#view.segments;
  }

  items(epoch: number, from: number, limit: number): readonly LogItem[] {
    const all = this.#view.items.get(epoch) ?? [];
    const begin = firstEndingAt(all, from);
    return all.slice(begin, begin + limit);
  }

  hashAt(epoch: number, seq: number): string | undefined {
    const segment = this.#view.segments.find((one) => one.epoch === epoch);
    if (segment === undefined) return undefined;
    if (seq === segment.base - 1) return segment.baseHash;
    const all = this.#view.items.get(epoch) ?? [];
    const item = all[firstEndingAt(all, seq)];
    return item !== undefined && endOf(item) === seq ? item.hash : undefined;
  }

  append<Name extends EventName>(name: Name, body: EventBody<Name>): void {
    const { number, version, class: cls } = eventKinds[name];
    this.appendRaw({ kind: number, kver: version, cls, body });
  }

  /** Appends whatever a newer or broken program might. */
  appendRaw(entry: { kind: number; kver: number; cls: EventClass; body: unknown }): void {
    const draft = this.#writable;
    const { random, sha256, now, created } = this.#ports;
    const segment = draft.segments.at(-1);
    if (segment === undefined) return;
    const { boot, monoMs, wallMs, tq } = now();
    const chained = {
      eid: bytesToText(random(HASH_BYTES)),
      ...{ kind: entry.kind, kver: entry.kver, boot, monoMs: Math.floor(monoMs) },
      body: canonicalJson(entry.body),
    };
    const before = this.hashAt(segment.epoch, segment.head) ?? segment.baseHash;
    const hash = chainText(sha256, before, chained);
    const seq = segment.head + 1;
    const event: LogEvent = {
      ...{ item: 'event', seq, hash, cls: entry.cls, wallMs: Math.floor(wallMs), tq },
      ...chained,
    };
    this.#setItems(segment.epoch, [...(draft.items.get(segment.epoch) ?? []), event]);
    this.#setSegment({ ...segment, head: seq });
    this.onCommit(() => created(event));
  }

  acknowledge(epoch: number, seq: number): void {
    const segment = this.#writable.segments.find((one) => one.epoch === epoch);
    if (segment !== undefined) this.#setSegment({ ...segment, acked: seq });
  }

  nameEpoch(epoch: number): void {
    const draft = this.#writable;
    const items = draft.items.get(0) ?? [];
    draft.items.delete(0);
    draft.items.set(epoch, items);
    draft.segments = draft.segments.map((one) => (one.epoch === 0 ? { ...one, epoch } : one));
  }

  setPendingGenesis(genesis: string): void {
    const active = this.#writable.segments.at(-1);
    if (active !== undefined) this.#setSegment({ ...active, pendingGenesis: genesis });
    this.onCommit(() => this.#ports.opened(genesis));
  }

  fork({ cut, opened, items }: ForkPlan): void {
    const draft = this.#writable;
    const fresh = [...items];
    const moved = new Set(fresh.map((item) => (item.item === 'event' ? item.eid : '')));
    for (const { epoch, head } of cut) {
      const segment = draft.segments.find((one) => one.epoch === epoch);
      if (segment === undefined) continue;
      const all = draft.items.get(epoch) ?? [];
      const kept = all.filter((item) => endOf(item) <= head);
      draft.items.set(epoch, kept);
      for (const item of all.slice(kept.length)) {
        if (item.item === 'event' && !moved.has(item.eid)) this.#noteLetGo(item);
      }
      const acked = Math.min(segment.acked, head);
      this.#setSegment({ ...segment, head, acked, closed: true, pendingGenesis: null });
    }
    const { epoch, genesis } = opened;
    const last = fresh.at(-1);
    const head = last === undefined ? 0 : endOf(last);
    const flags = { acked: 0, closed: false, pendingGenesis: null };
    draft.segments.push({ epoch, genesis, base: 1, baseHash: genesis, head, ...flags });
    draft.items.set(epoch, fresh);
  }

  /** Takes acknowledged entries off the beginning, up to `seq`; returns them. */
  trim(epoch: number, seq: number): readonly LogItem[] {
    const draft = this.#writable;
    const segment = draft.segments.find((one) => one.epoch === epoch);
    const items = draft.items.get(epoch) ?? [];
    const gone = items.filter((item) => endOf(item) <= Math.min(seq, segment?.acked ?? 0));
    const last = gone.at(-1);
    if (segment === undefined || last === undefined) return [];
    for (const item of gone) {
      this.#noteLetGo(item);
      const about = item.item === 'event' ? docOf(item) : undefined;
      if (about !== undefined) draft.touched.set(about, epoch);
    }
    this.#setItems(epoch, items.slice(gone.length));
    this.#setSegment({ ...segment, base: endOf(last) + 1, baseHash: last.hash });
    return gone;
  }

  /** Gives up entries of class C for room, the newest left out: gaps stand in their place. */
  dropClassC(epoch: number): number {
    const items = this.#writable.items.get(epoch) ?? [];
    const kept: LogItem[] = [];
    let dropped = 0;
    for (const item of items) {
      const isDropped = item.item === 'event' && item.cls === 'C' && item !== items.at(-1);
      if (isDropped) {
        dropped += 1;
        this.#noteLetGo(item);
      }
      const next: LogItem = isDropped
        ? { item: 'gap', from: item.seq, to: item.seq, why: 'space', hash: item.hash }
        : item;
      const before = kept.at(-1);
      if (next.item === 'gap' && before?.item === 'gap') {
        kept[kept.length - 1] = { ...before, to: next.to, hash: next.hash };
      } else kept.push(next);
    }
    this.#setItems(epoch, kept);
    return dropped;
  }

  docs(): readonly DocState[] {
    return [...this.#view.docs.values()];
  }

  doc(kind: string, id: string): DocState | undefined {
    return this.#view.docs.get(`${kind}/${id}`);
  }

  putDoc(doc: DocState): void {
    const key = `${doc.kind}/${doc.id}`;
    const before = this.#writable.docs.get(key);
    this.onCommit(() => this.#ports.docPut(before, doc));
    this.#writable.docs.set(key, doc);
  }

  hasUnackedDocs(): boolean {
    return this.#view.segments.some(({ epoch, acked }) =>
      (this.#view.items.get(epoch) ?? []).some(
        (item) => item.item === 'event' && item.seq > acked && DOC_KINDS.has(item.kind),
      ),
    );
  }

  isTouched(kind: string, id: string, afterEpoch: number): boolean {
    const about = `${kind}/${id}`;
    const { segments, items, touched } = this.#view;
    if ((touched.get(about) ?? 0) > afterEpoch) return true;
    return segments.some(
      ({ epoch }) =>
        epoch > afterEpoch &&
        (items.get(epoch) ?? []).some((item) => item.item === 'event' && docOf(item) === about),
    );
  }

  mutationOutcomes(mid: string): Readonly<Record<string, GroupOutcome>> | undefined {
    return this.#view.mutations.get(mid);
  }

  closeMutation(
    mid: string,
    _dseq: number,
    outcomes: Readonly<Record<string, GroupOutcome>>,
  ): void {
    this.#writable.mutations.set(mid, outcomes);
  }

  command(id: string): LocalCommand | undefined {
    return this.#view.commands.get(id);
  }

  putCommand(command: LocalCommand): void {
    this.#writable.commands.set(command.id, command);
  }

  openCommands(): readonly LocalCommand[] {
    return [...this.#view.commands.values()].filter(({ state }) => state !== 'ended');
  }

  feeding(commandId: string): 'begun' | 'served' | undefined {
    return this.#view.feedings.get(commandId);
  }

  /** Writes into the book of feedings. */
  noteFeeding(commandId: string, state: 'begun' | 'served', tell = () => {}): void {
    this.transact('feeding', () => {
      this.#writable.feedings.set(commandId, state);
      this.onCommit(tell);
    });
  }

  number(name: SyncNumber): number {
    return this.#view.numbers[name];
  }

  setNumber(name: SyncNumber, value: number): void {
    const { cursor } = this.#writable.numbers;
    if (name === 'cursor') this.onCommit(() => this.#ports.cursorMoved(cursor, value));
    this.#writable.numbers[name] = value;
  }

  #noteLetGo(item: LogItem): void {
    if (item.item === 'event') this.onCommit(() => this.#ports.letGo(item));
  }

  #setItems(epoch: number, items: readonly LogItem[]): void {
    this.#writable.items.set(epoch, items);
  }

  #setSegment(segment: LogSegment): void {
    const draft = this.#writable;
    draft.segments = draft.segments.map((one) => (one.epoch === segment.epoch ? segment : one));
  }
}
