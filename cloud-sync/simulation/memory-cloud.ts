import type { CommandState } from '@cat-feeder/shared';
import type {
  ClipRow,
  ClipState,
  CloudStore,
  CommandRow,
  DeviceRow,
  DeviceTransaction,
  DocRow,
  DownRow,
  EpochRow,
  EventRow,
  GapRow,
  MutationRow,
} from '../src/core/cloud-store.ts';

/** All rows of one device. Never changed: each commit makes a new one, so an old one is a backup. */
export interface DeviceRows {
  readonly device: DeviceRow;
  readonly epochs: ReadonlyMap<number, EpochRow>;
  readonly events: ReadonlyMap<string, EventRow>;
  readonly gaps: ReadonlyMap<string, GapRow>;
  readonly docs: ReadonlyMap<string, DocRow>;
  readonly mutations: ReadonlyMap<string, MutationRow>;
  readonly commands: ReadonlyMap<string, CommandRow>;
  readonly down: ReadonlyMap<number, DownRow>;
  readonly clips: ReadonlyMap<string, ClipRow>;
}

/** A node died; nobody hears an answer. */
export class NodeCrash extends Error {}

export interface CloudHooks {
  readonly beforeCommit: (deviceId: string) => void;
  readonly afterCommit: (deviceId: string) => void;
  readonly committed: (deviceId: string, before: DeviceRows, after: DeviceRows) => void;
}

/** The service's database in memory: one serial transaction per device, all or nothing. */
export class MemoryCloud implements CloudStore {
  rows = new Map<string, DeviceRows>();
  readonly #hooks: CloudHooks;

  constructor(hooks: CloudHooks) {
    this.#hooks = hooks;
  }

  register(device: DeviceRow): void {
    const none = { epochs: new Map(), events: new Map(), gaps: new Map(), docs: new Map() };
    const rest = { mutations: new Map(), commands: new Map(), down: new Map(), clips: new Map() };
    this.rows.set(device.deviceId, { device, ...none, ...rest });
  }

  async onDevice<T>(deviceId: string, work: (tx: DeviceTransaction) => Promise<T>): Promise<T> {
    const before = this.rows.get(deviceId);
    const tx = new MemoryTransaction(before);
    const result = await work(tx);
    if (before !== undefined) {
      this.#hooks.beforeCommit(deviceId);
      const after = tx.rows(before);
      this.rows.set(deviceId, after);
      this.#hooks.committed(deviceId, before, after);
      this.#hooks.afterCommit(deviceId);
    }
    return result;
  }
}

class MemoryTransaction implements DeviceTransaction {
  #device: DeviceRow | undefined;
  readonly #epochs: Map<number, EpochRow>;
  readonly #events: Map<string, EventRow>;
  readonly #gaps: Map<string, GapRow>;
  readonly #docs: Map<string, DocRow>;
  readonly #mutations: Map<string, MutationRow>;
  readonly #commands: Map<string, CommandRow>;
  readonly #down: Map<number, DownRow>;
  readonly #clips: Map<string, ClipRow>;

  constructor(rows: DeviceRows | undefined) {
    this.#device = rows?.device;
    this.#epochs = new Map(rows?.epochs);
    this.#events = new Map(rows?.events);
    this.#gaps = new Map(rows?.gaps);
    this.#docs = new Map(rows?.docs);
    this.#mutations = new Map(rows?.mutations);
    this.#commands = new Map(rows?.commands);
    this.#down = new Map(rows?.down);
    this.#clips = new Map(rows?.clips);
  }

  rows(before: DeviceRows): DeviceRows {
    return {
      device: this.#device ?? before.device,
      epochs: this.#epochs,
      events: this.#events,
      gaps: this.#gaps,
      docs: this.#docs,
      mutations: this.#mutations,
      commands: this.#commands,
      down: this.#down,
      clips: this.#clips,
    };
  }

  async device() {
    return this.#device;
  }

  async putDevice(row: DeviceRow) {
    this.#device = row;
  }

  async epochs() {
    return [...this.#epochs.values()];
  }

  async epoch(epoch: number) {
    return this.#epochs.get(epoch);
  }

  async putEpoch(row: EpochRow) {
    this.#epochs.set(row.epoch, row);
  }

  async addEvents(rows: readonly EventRow[]) {
    for (const row of rows) {
      const key = `${row.epoch}:${row.seq}`;
      if (!this.#events.has(key)) this.#events.set(key, row);
    }
  }

  async hashes(epoch: number, from: number, to: number) {
    const found = new Map<number, string>();
    for (let seq = from; seq <= to; seq++) {
      const row = this.#events.get(`${epoch}:${seq}`) ?? this.#gaps.get(`${epoch}:${seq}`);
      if (row !== undefined) found.set(seq, row.hash);
    }
    return found;
  }

  async heldEids(eids: readonly string[]) {
    const wanted = new Set(eids);
    const held = new Set<string>();
    for (const { eid } of this.#events.values()) if (wanted.has(eid)) held.add(eid);
    return held;
  }

  async gaps(epoch: number, limit: number) {
    const found = [...this.#gaps.values()].filter((gap) => gap.epoch === epoch);
    return found.sort((a, b) => b.to - a.to).slice(0, limit);
  }

  async gapEndingAt(epoch: number, to: number) {
    return this.#gaps.get(`${epoch}:${to}`);
  }

  async putGap(row: GapRow) {
    this.#gaps.set(`${row.epoch}:${row.to}`, row);
  }

  async removeGap(epoch: number, to: number) {
    this.#gaps.delete(`${epoch}:${to}`);
  }

  async docs() {
    return [...this.#docs.values()];
  }

  async doc(kind: string, id: string) {
    return this.#docs.get(`${kind}/${id}`);
  }

  async putDoc(row: DocRow) {
    this.#docs.set(`${row.doc.kind}/${row.doc.id}`, row);
  }

  async mutation(mid: string) {
    return this.#mutations.get(mid);
  }

  async putMutation(row: MutationRow) {
    this.#mutations.set(row.mid, row);
  }

  async command(id: string) {
    return this.#commands.get(id);
  }

  async putCommand(row: CommandRow) {
    this.#commands.set(row.commandId, row);
  }

  async commandsIn(states: readonly CommandState[]) {
    return [...this.#commands.values()].filter(({ state }) => states.includes(state));
  }

  async clip(id: string) {
    return this.#clips.get(id);
  }

  async putClip(row: ClipRow) {
    this.#clips.set(row.clipId, row);
  }

  async clipsIn(state: ClipState, { before, limit }: { before: string | null; limit: number }) {
    const found = this.#sortedClips().filter(
      (row) => row.state === state && (before === null || row.clipId < before),
    );
    return found.toReversed().slice(0, limit);
  }

  async dueClips(nowMs: number, limit: number) {
    const isDue = ({ dueMs }: ClipRow) => dueMs !== null && dueMs <= nowMs;
    return this.#sortedClips().filter(isDue).slice(0, limit);
  }

  async clipBytes(sinceMs: number) {
    const counted = this.#sortedClips().filter(
      ({ state, createdMs }) => createdMs >= sinceMs && (state === 'open' || state === 'stored'),
    );
    return counted.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async forgetClips(beforeMs: number) {
    for (const { clipId, createdMs } of this.#sortedClips()) {
      if (createdMs < beforeMs) this.#clips.delete(clipId);
    }
  }

  #sortedClips(): ClipRow[] {
    return [...this.#clips.values()].sort((a, b) => (a.clipId < b.clipId ? -1 : 1));
  }

  async addDown(row: DownRow) {
    this.#down.set(row.dseq, row);
  }

  async openDown(after: number, limit: number) {
    const open = [...this.#down.values()].filter((row) => row.dseq > after && this.#isOpen(row));
    return open.sort((a, b) => a.dseq - b.dseq).slice(0, limit);
  }

  #isOpen({ kind, ref, dseq }: DownRow): boolean {
    if (kind === 'cmd') {
      const command = this.#commands.get(ref);
      return command?.state === 'queued' && command.dseq === dseq;
    }
    const mutation = this.#mutations.get(ref);
    return mutation?.outcomes === null && mutation.dseq === dseq;
  }
}
