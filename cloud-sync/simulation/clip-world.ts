import { createHash } from 'node:crypto';
import {
  bytesToText,
  CLIP_PART_BYTES,
  ClipCompleteSchema,
  ClipUploadSchema,
  type EventBody,
  eventKinds,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ClipInput, ClipOutput, UnsentClip } from '../../device/src/sync/clip-io.ts';
import { initialClipSending, stepClips } from '../../device/src/sync/clip-sending.ts';
import type { ClipContext } from '../src/clips/clip-context.ts';
import { removeClip, sweepClips } from '../src/clips/clip-removal.ts';
import { announceClip, completeClip } from '../src/clips/clip-uploads.ts';
import { ObjectStoreUnavailable } from '../src/clips/object-store.ts';
import { type Answer, asHttp } from '../src/core/answer.ts';
import { project } from '../src/core/projection.ts';
import { MemoryCloud } from './memory-cloud.ts';
import { type Content, MemoryObjects, md5Of } from './memory-objects.ts';

const DEVICE = 'a'.repeat(26);
const HOME = 'b'.repeat(25).concat('a');
const NONE = { beforeCommit() {}, afterCommit() {}, committed() {} };

/** What may go wrong with the next thing that the feeder does. */
export type Fault =
  | 'none'
  | 'lost'
  | 'answer lost'
  | 'noise'
  | 'changed'
  | 'deleted meanwhile'
  | 'crash';

interface OwnClip extends UnsentClip {
  /** What its file holds now. */
  contents: readonly Content[];
  isDamaged: boolean;
  isSent: boolean;
}

/** One feeder's sending of clips, its cloud and a store, with time and faults by hand. */
export class ClipWorld {
  readonly objects = new MemoryObjects();
  readonly cloud = new MemoryCloud(NONE);
  readonly context: ClipContext;
  readonly clips = new Map<string, OwnClip>();
  /** Deleted by their owner. */
  readonly deleted = new Set<string>();
  readonly violations: string[] = [];
  readonly conditions = { isWanted: true, isOnline: true, isBusy: false, isWatched: true };
  nowMs = 1_795_000_000_000;
  #state = initialClipSending;
  #todo: ClipOutput[] = [];
  #wakeAtMs = 0;
  /** Addresses that were given out: each may be used later. */
  readonly #given: { url: string; content: Content }[] = [];
  #seq = 0;
  #made = 0;

  constructor() {
    const register = { deviceId: DEVICE, homeId: HOME, status: 'active' } as const;
    const numbers = { session: 1, sessionMs: 0, maxEpoch: 1, downHead: 0, downAcked: 0 };
    this.cloud.register({ ...register, ...numbers, boots: [], clonedMs: null });
    this.context = {
      ...{ store: this.cloud, now: () => this.nowMs, objects: this.objects, days: 3650 },
      ...{ deviceBytesMax: Number.MAX_SAFE_INTEGER, keyOf: ({ clipId }) => `clips/${clipId}` },
    };
  }

  addClip(parts: number): void {
    this.#made += 1;
    const n = this.#made;
    const id = `01kcq2v8n3e8b6r5x4w7t9${String(n).padStart(4, '0')}`;
    const contents = Array.from({ length: parts }, (_, i) => ({
      word: `${id}/${i}`,
      bytes: i === parts - 1 ? 1000 + n : CLIP_PART_BYTES,
    }));
    const sha256 = createHash('sha256').update(id).digest('hex');
    const bytes = contents.reduce((sum, content) => sum + content.bytes, 0);
    this.clips.set(id, {
      id,
      bytes,
      sha256,
      feedingIds: [id],
      contents,
      isDamaged: false,
      isSent: false,
    });
  }

  /** Its owner deletes a clip, or it makes room. */
  async drop(pick: number, reason: EventBody<'clip.dropped'>['reason']): Promise<void> {
    const clip = [...this.clips.values()][pick % Math.max(1, this.clips.size)];
    if (clip !== undefined) await this.#dropClip(clip.id, reason);
  }

  async #dropClip(id: string, reason: EventBody<'clip.dropped'>['reason']): Promise<void> {
    const clip = this.clips.get(id);
    if (clip === undefined) return;
    this.clips.delete(id);
    if (reason === 'person') this.deleted.add(clip.id);
    if (clip.isSent && reason !== 'person') return;
    await this.#tell({
      ...{ clipId: clip.id, feedingIds: [], startedMs: 0, bytes: null, sha256: null },
      ...{ reason, why: '' },
    });
  }

  async removeInCloud(pick: number): Promise<void> {
    const clip = [...this.clips.values()][pick % Math.max(1, this.clips.size)];
    if (clip === undefined) return;
    const at = { deviceId: DEVICE, clipId: clip.id };
    const said = await this.#served(() => removeClip(this.context, at, HOME));
    if (said?.status === 200) this.deleted.add(clip.id);
  }

  /** The store's rule ends unfinished uploads. */
  endUploads(): void {
    this.objects.uploads.clear();
  }

  /** Somebody uses an address that was given long ago. */
  useOldAddress(pick: number): void {
    const given = this.#given[pick % Math.max(1, this.#given.length)];
    if (given !== undefined) this.objects.put(given.url, given.content, null);
  }

  async sweep(): Promise<void> {
    await this.#served(async () => {
      await sweepClips(this.context, DEVICE);
      return { ok: true, body: null };
    });
  }

  /** Time passes; the feeder looks when its wake has come. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    if (this.nowMs >= this.#wakeAtMs) await this.#step({ kind: 'look' });
  }

  /** Does the next thing that the feeder's core asked for. */
  async act(fault: Fault): Promise<void> {
    if (fault === 'crash') {
      this.#state = initialClipSending;
      this.#todo = [];
      await this.#step({ kind: 'look' });
      return;
    }
    const output = this.#todo.shift();
    if (output === undefined) await this.#step({ kind: 'look' });
    else if (output.kind === 'read') await this.#read(output.clipId, fault);
    else if (output.kind === 'request') await this.#request(output, fault);
    else if (output.kind === 'send') await this.#send(output, fault);
  }

  async look(): Promise<void> {
    await this.#step({ kind: 'look' });
    await this.#check();
  }

  async #step(input: ClipInput): Promise<void> {
    const queue = {
      next: (aside: ReadonlySet<string>) =>
        [...this.clips.values()].find(({ id, isSent }) => !isSent && !aside.has(id)),
      has: (id: string) => this.clips.has(id),
      markSent: (id: string) => this.#mark(id),
    };
    const random = () => new Uint8Array([128, 7, 9]);
    const conditions = { ...this.conditions };
    const context = { queue, conditions, monoMs: this.nowMs, random };
    const { state, outputs } = stepClips(this.#state, input, context);
    this.#state = state;
    for (const output of outputs) this.#note(output);
  }

  #note(output: ClipOutput): void {
    const { isWanted, isOnline, isBusy } = this.conditions;
    const isActive = output.kind === 'read' || output.kind === 'request' || output.kind === 'send';
    if (isActive && !(isWanted && isOnline)) this.violations.push(`K1 ${output.kind}`);
    if (output.kind === 'send' && isBusy) this.violations.push('K2 a part begins');
    if (isActive && this.#todo.length > 0) this.violations.push('K4 two at a time');
    if (output.kind === 'send') {
      const { url } = output.part;
      const { bytes } = output;
      this.#given.push({ url, content: { word: 'forged', bytes } });
    }
    if (output.kind === 'wake') this.#wakeAtMs = output.atMonoMs;
    else if (output.kind === 'end') this.#todo = [];
    else if (isActive) this.#todo.push(output);
  }

  #mark(id: string): void {
    const clip = this.clips.get(id);
    if (clip === undefined) return;
    clip.isSent = true;
    const row = this.cloud.rows.get(DEVICE)?.clips.get(id);
    const wasStored = row?.storedMs !== null && row !== undefined;
    if (!wasStored) this.violations.push(`K3 ${id} is not in the cloud`);
  }

  async #read(clipId: string, fault: Fault): Promise<void> {
    const clip = this.clips.get(clipId);
    if (fault === 'changed' && clip !== undefined) {
      clip.isDamaged = true;
      clip.contents = clip.contents.map(({ bytes }) => ({ word: 'damaged', bytes }));
    }
    const md5s = clip?.contents.map(md5Of) ?? [];
    const isBad = clip === undefined || fault === 'lost';
    const digest = isBad ? null : { sha256: clip.isDamaged ? '00' : clip.sha256, md5s };
    await this.#step({ kind: 'read', clipId, digest });
  }

  async #request(
    { id, path, body }: Extract<ClipOutput, { kind: 'request' }>,
    fault: Fault,
  ): Promise<void> {
    const [, clipId = '', what] = /^\/v1\/clips\/(\w+)\/(\w+)$/.exec(path) ?? [];
    const at = { deviceId: DEVICE, clipId };
    if (fault === 'deleted meanwhile') {
      this.objects.meanwhile = () => this.#dropClip(clipId, 'person');
    }
    const said =
      fault === 'lost'
        ? null
        : await this.#served(() =>
            what === 'upload'
              ? announceClip(this.context, at, v.parse(ClipUploadSchema, body))
              : completeClip(this.context, at, v.parse(ClipCompleteSchema, body)),
          );
    this.objects.meanwhile = null;
    if (said === null || fault === 'answer lost') {
      await this.#step({ kind: 'answer', id, status: 0, body: undefined });
    } else if (fault === 'noise') {
      await this.#step({ kind: 'answer', id, status: 200, body: '<html>' });
    } else await this.#step({ kind: 'answer', id, ...said });
    await this.#check();
  }

  async #send(
    { clipId, part, from, bytes, md5 }: Extract<ClipOutput, { kind: 'send' }>,
    fault: Fault,
  ): Promise<void> {
    const own = this.clips.get(clipId)?.contents[part.n - 1];
    if (own === undefined) {
      // Its file is gone.
      await this.#step({ kind: 'sent', clipId, n: part.n, status: 0 });
      return;
    }
    const content = { word: own.word, bytes };
    if (from !== (part.n - 1) * CLIP_PART_BYTES || md5Of(content) !== md5) {
      this.violations.push('K3 a part is not what was read');
    }
    const sent = fault === 'changed' ? { ...content, word: 'changed on its way' } : content;
    const status = fault === 'lost' ? 0 : this.objects.put(part.url, sent, md5);
    const heard = fault === 'answer lost' || fault === 'noise' ? 0 : status;
    await this.#step({ kind: 'sent', clipId, n: part.n, status: heard });
    await this.#check();
  }

  /** As the routes answer. */
  async #served(ask: () => Promise<Answer<unknown>>) {
    try {
      return asHttp(await ask());
    } catch (error) {
      if (!(error instanceof ObjectStoreUnavailable)) throw error;
      return asHttp({ ok: false, refusal: 'overloaded', retryAfterS: 60 });
    }
  }

  /** An entry of the ledger reaches the cloud. */
  async #tell(body: EventBody<'clip.dropped'>): Promise<void> {
    this.#seq += 1;
    const eight = bytesToText(new Uint8Array(8));
    await this.cloud.onDevice(DEVICE, (tx) =>
      project(tx, [
        {
          ...{ epoch: 1, seq: this.#seq, eid: eight, hash: eight, boot: eight, monoMs: 0, kver: 1 },
          ...{ kind: eventKinds['clip.dropped'].number, occurredMs: this.nowMs, tq: 2 },
          ...{ receivedMs: this.nowMs, quarantined: false, body: JSON.stringify(body) },
        },
      ]),
    );
    await this.#check();
  }

  /** B1. An address that was used again without its checksum is the sender's own doing. */
  async #check(): Promise<void> {
    for (const row of this.cloud.rows.get(DEVICE)?.clips.values() ?? []) {
      if (row.state !== 'stored') continue;
      const found = this.objects.objects.get(row.key);
      const bytes = found?.contents.reduce((sum, content) => sum + content.bytes, 0);
      if (bytes !== row.bytes) this.violations.push(`B1 ${row.clipId} is not there`);
      const wrong = found?.contents.some(({ word }, i) => word !== `${row.clipId}/${i}`);
      if (wrong === true) this.violations.push(`B1 ${row.clipId} has other bytes`);
    }
  }
}
