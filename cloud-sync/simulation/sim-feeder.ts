import {
  bytesToText,
  type CommandOrder,
  canonicalJson,
  type DocState,
  type EventBody,
  type EventClass,
  editMs,
  eventKinds,
  type GroupStamp,
  HASH_BYTES,
  hlcMs,
  makeHlc,
  makeUlid,
  type Sha256,
} from '@cat-feeder/shared';
import type { SeededRandom } from '../../device/src/platform/random.ts';
import { pendingSegment } from '../../device/src/sync/batches.ts';
import { initialLink, step } from '../../device/src/sync/link.ts';
import type {
  CommandWord,
  LinkInput,
  LinkOutput,
  LinkState,
} from '../../device/src/sync/link-io.ts';
import type { LogEvent } from '../../device/src/sync/sync-store.ts';
import { type DiskData, MemoryDisk } from './memory-disk.ts';
import type { Recorder } from './recorder.ts';
import { DAY_MG_MAX, validateMeal } from './sim-meals.ts';
import type { Timeline } from './timeline.ts';
import type { DeviceTruth } from './truth.ts';

/** The power failed in the middle of something. */
export class PowerCut extends Error {}

export interface FeederOptions {
  readonly deviceId: string;
  readonly name: string;
  readonly disk: DiskData;
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly recorder: Recorder;
  readonly truth: DeviceTruth;
  readonly sha256: Sha256;
  readonly send: (feeder: SimFeeder, request: Extract<LinkOutput, { kind: 'request' }>) => void;
  /** Chance of a power cut around a commit. */
  readonly cutChance: (when: 'before' | 'after') => number;
}

const FEED_MS = 4_000;
const DAY_MS = 86_400_000;

/** The shell of one feeder around the real core: a card, a clock, a motor and a network card. */
export class SimFeeder {
  readonly disk: MemoryDisk;
  readonly options: FeederOptions;
  state: LinkState = initialLink;
  isOn = false;
  /** Differs for each start: answers and timers of an earlier life reach nobody. */
  life = 0;
  wallOffsetMs = 0;
  tq = 2;
  readonly #doses: { readonly atMs: number; readonly mg: number }[] = [];
  #bootedMs = 0;
  #boot = '';
  #wakeAtMs = 0;
  #isRetired = false;

  constructor(options: FeederOptions) {
    this.options = options;
    const { random, sha256, truth, recorder } = options;
    for (const { genesis } of options.disk.segments) truth.genesis.add(genesis);
    this.disk = new MemoryDisk(options.disk, {
      random: (length) => random.bytes(length),
      sha256,
      now: () => ({ ...this.now(), boot: this.#boot }),
      beforeCommit: (name) => this.#maybeCut('before', name),
      afterCommit: (name) => this.#maybeCut('after', name),
      created: (event) => {
        const n = truth.created.size;
        truth.created.set(event.eid, { n, by: options.name, life: truth.losses });
        this.#checkRestore(event);
      },
      opened: (genesis) => truth.genesis.add(genesis),
      letGo: (event) => truth.letGo.set(event.eid, event),
      docPut: (before, after) => this.#checkDoc(before, after),
      cursorMoved: (from, to) => {
        if (to < from)
          recorder.violate('D1', `${options.name}: the cursor fell from ${from} to ${to}`);
      },
    });
  }

  now() {
    const { nowMs } = this.options.timeline;
    return { monoMs: nowMs - this.#bootedMs, wallMs: nowMs + this.wallOffsetMs, tq: this.tq };
  }

  get isQuiet(): boolean {
    if (!this.isOn || this.state.phase !== 'live' || this.state.busy !== null) return false;
    if (this.disk.openCommands().length > 0 || this.state.needDocs) return false;
    if (this.state.fills.length > 0) return false;
    return pendingSegment({ state: this.state, outputs: [], context: this.#context }) === undefined;
  }

  powerOn(): void {
    const { timeline, random, recorder, name } = this.options;
    if (this.isOn || this.#isRetired) return;
    this.isOn = true;
    this.life += 1;
    this.#bootedMs = timeline.nowMs;
    this.#boot = bytesToText(random.bytes(HASH_BYTES));
    recorder.note(`${name} starts`);
    this.take({ kind: 'started', boot: this.#boot, firmware: '1.0.0' });
  }

  /** The power is gone; what was not committed, and a running feeding, is gone with it. */
  powerOff(): void {
    this.isOn = false;
    this.life += 1;
    this.state = initialLink;
  }

  /** It is thrown away. */
  retire(): void {
    this.powerOff();
    this.#isRetired = true;
  }

  take(input: LinkInput): void {
    if (!this.isOn) return;
    this.#safely(() => {
      const { state, outputs } = step(this.state, input, this.#context);
      this.state = state;
      const size = canonicalJson(state).length;
      if (size > STATE_CHARS_MAX) {
        this.options.recorder.violate('R1', `${this.options.name}: state of ${size} characters`);
      }
      for (const output of outputs) this.#perform(output);
    });
  }

  /** A fact of the feeder's own: written down, then the core hears of it. */
  record(cls: EventClass, write: (disk: MemoryDisk) => void): void {
    if (!this.isOn) return;
    this.#safely(() => this.disk.transact('fact', () => write(this.disk)));
    this.take({ kind: 'appended', cls });
  }

  /** Housekeeping of the card, in one transaction that the power may cut. */
  tend(work: (disk: MemoryDisk) => void): void {
    if (this.isOn) this.#safely(() => this.disk.transact('tend', () => work(this.disk)));
  }

  /** A person at the feeder edits a meal; what is not valid is refused at once. */
  edit(id: string | null, groups: DocState['groups'] | 'delete'): void {
    const { wallMs } = this.now();
    const { random, truth } = this.options;
    const docId = id ?? makeUlid(wallMs, (length) => random.bytes(length));
    const before = this.disk.doc('meal', docId);
    if (id !== null && (before === undefined || before.deleted)) return;
    const after = edited(before, { docId, groups, wallMs, tq: this.tq });
    if (!after.deleted && validateMeal(after, this.disk.docs()) !== null) return;
    this.record('A', (disk) => {
      disk.onCommit(() => {
        if (after.deleted) truth.deletedHere.add(docId);
        truth.editedHere.set(docId, this.options.timeline.nowMs);
      });
      disk.putDoc(after);
      const grevs = Object.entries(after.stamps).map(([name, { rev }]) => [name, rev] as const);
      const { kind, rev, deleted } = after;
      disk.append('doc.changed', {
        ...{ kind, id: docId, rev, deleted, groups: after.groups },
        grevs: Object.fromEntries(grevs),
      });
    });
  }

  get #context() {
    return {
      store: this.disk,
      now: this.now(),
      random: (length: number) => this.options.random.bytes(length),
      sha256: this.options.sha256,
      validate: (doc: DocState) => (doc.deleted ? null : validateMeal(doc, this.disk.docs())),
      present: () => ({ alarms: [] }),
      outcomeOf: (id: string) => this.#outcomeOf(id),
    };
  }

  #perform(output: LinkOutput): void {
    const { timeline, send } = this.options;
    const { life } = this;
    if (output.kind === 'request') {
      send(this, output);
      timeline.after(output.timeoutMs, () => {
        if (this.life === life) this.take({ kind: 'failed', id: output.id });
      });
    } else if (output.kind === 'wake') {
      const atMs = this.#bootedMs + output.atMonoMs;
      this.#wakeAtMs = atMs;
      timeline.at(atMs, () => {
        if (this.life === life && this.#wakeAtMs === atMs) this.take({ kind: 'tick' });
      });
    } else this.#feed(output.commandId, output.order, output.startByMonoMs);
  }

  /** The gate that every feeding passes, then the motor, then the result. */
  #feed(commandId: string, order: CommandOrder, startByMonoMs: number): void {
    const { timeline, recorder, truth, name } = this.options;
    const mg = order.op === 'feed' ? order.mg : 0;
    const { nowMs } = timeline;
    const fed = this.#doses.filter(({ atMs }) => atMs > nowMs - DAY_MS);
    const sum = fed.reduce((total, dose) => total + dose.mg, 0);
    const refusal =
      this.now().monoMs > startByMonoMs ? 'late' : sum + mg > DAY_MG_MAX ? 'limit' : null;
    if (refusal !== null) {
      this.take({ kind: 'executed', commandId, end: 'refused', reason: refusal, feedingId: null });
      return;
    }
    this.disk.noteFeeding(commandId, 'begun');
    recorder.note(`${name} MOTOR ${commandId}`);
    truth.starts.set(commandId, [...(truth.starts.get(commandId) ?? []), nowMs]);
    truth.meals.push({ atMs: nowMs, mg, by: name });
    this.#doses.push({ atMs: nowMs, mg });
    const { life } = this;
    timeline.after(FEED_MS, () => {
      if (this.life !== life) return;
      this.#safely(() => {
        this.disk.noteFeeding(commandId, 'served', () => {
          truth.served.add(commandId);
        });
      });
      this.take({ kind: 'executed', commandId, end: 'done', reason: '', feedingId: null });
    });
  }

  #outcomeOf(commandId: string): CommandWord | null {
    const book = this.disk.feeding(commandId);
    if (book === undefined) return null;
    const isServed = book === 'served';
    return {
      ...{ end: isServed ? 'done' : 'failed', reason: isServed ? '' : 'interrupted' },
      feedingId: commandId,
    };
  }

  #checkDoc(before: DocState | undefined, after: DocState): void {
    const { recorder, truth, name } = this.options;
    const problem = after.deleted ? null : validateMeal(after, this.disk.docs());
    if (problem !== null) recorder.violate('D5', `${name}: ${after.id} is not valid: ${problem}`);
    if (before?.deleted === true && !after.deleted) {
      recorder.violate('D4', `${name}: ${after.id} was deleted and lives again`);
    }
    if (!after.deleted || before?.deleted !== false) return;
    const isAsked = [...truth.proposed.values()].some(
      ({ op, doc }) => op === 'delete' && doc[1] === after.id,
    );
    if (!isAsked && !truth.deletedHere.has(after.id)) {
      recorder.violate('D4', `${name}: ${after.id} was deleted and nobody asked for it`);
    }
  }

  /** D4 a copy that the cloud brings back replaces no edit that was made since the loss. */
  #checkRestore({ kind, body }: LogEvent): void {
    if (kind !== eventKinds['mutation.closed'].number) return;
    const { outcomes, target, doc, reason } = JSON.parse(body) as EventBody<'mutation.closed'>;
    if (outcomes['*'] !== 'applied' || doc?.deleted !== false || target === null) return;
    const { truth, recorder, name } = this.options;
    const editedMs = truth.editedHere.get(target[1]) ?? 0;
    // Of two copies, the one of the later epoch has the last word, whenever the other one was edited.
    if (reason === 'repeated' || truth.clones > 0 || editedMs <= truth.lostAtMs) return;
    recorder.violate('D4', `${name}: an edit of ${target[1]} was replaced by an older copy`);
  }

  #maybeCut(when: 'before' | 'after', name: string): void {
    if (!this.options.random.chance(this.options.cutChance(when))) return;
    const fault = when === 'before' ? 'power_cut_before_commit' : 'power_cut_after_commit';
    this.options.recorder.fault(fault, `${this.options.name} ${name}`);
    throw new PowerCut();
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
      this.powerOff();
      this.options.timeline.after(RESTART_MS, () => this.powerOn());
    }
  }
}

const RESTART_MS = 8_000;
/** The core's memory, whatever the backlog. */
const STATE_CHARS_MAX = 40_000;

/** An unknown kind, or a body that its kind does not allow. */
export function poison(random: SeededRandom, disk: MemoryDisk): void {
  const kind = random.chance(0.5) ? 60_000 : eventKinds['doc.changed'].number;
  disk.appendRaw({ kind, kver: 9, cls: 'A', body: { odd: [null, 'ü', { deep: [1.5e300] }] } });
}

function edited(
  before: DocState | undefined,
  edit: { docId: string; groups: DocState['groups'] | 'delete'; wallMs: number; tq: number },
): DocState {
  const { docId, groups, wallMs, tq } = edit;
  const rev = (before?.rev ?? 0) + 1;
  const base = { kind: 'meal', id: docId, rev };
  const seen = Object.values(before?.stamps ?? {}).map((stamp) => hlcMs(stamp.hlc));
  const hlc = makeHlc(editMs(wallMs, Math.max(0, ...seen)));
  if (groups === 'delete') {
    return { ...base, deleted: true, groups: {}, stamps: { deleted: { rev: 1, hlc, tq } } };
  }
  const stamps: Record<string, GroupStamp> = { ...before?.stamps };
  for (const name of Object.keys(groups)) {
    stamps[name] = { rev: (stamps[name]?.rev ?? 0) + 1, hlc, tq };
  }
  return { ...base, deleted: false, groups: { ...before?.groups, ...groups }, stamps };
}
