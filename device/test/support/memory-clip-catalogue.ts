import { type Clip, type ClipVisit, type EventBody, FeederError } from '@cat-feeder/shared';
import type {
  ClipCatalogue,
  ClipFilter,
  ExpectedClip,
  ShelfRow,
} from '../../src/camera/clip-catalogue.ts';

/** What the ledger was told of clips. */
type Entry =
  | { readonly name: 'clip.recorded'; readonly clipId: string }
  | { readonly name: 'clip.dropped'; readonly body: EventBody<'clip.dropped'> };

/** The catalogue of clips without a database, whose disk can be made to refuse. */
export class MemoryClipCatalogue implements ClipCatalogue {
  readonly ledger: Entry[] = [];
  isRefusing = false;
  /** How often something was written. */
  writes = 0;
  /** How often clips were noted that are to be. */
  expectations = 0;
  #clips: readonly Clip[] = [];
  #expected: readonly ExpectedClip[] = [];

  expect(clips: readonly ExpectedClip[]): void {
    this.#write();
    this.expectations += 1;
    const ids = clips.map(({ id }) => id);
    this.#expected = [...this.#expected.filter(({ id }) => !ids.includes(id)), ...clips];
  }

  expected(): readonly ExpectedClip[] {
    return this.#expected;
  }

  withdraw(ids: readonly string[]): void {
    if (!this.#expected.some(({ id }) => ids.includes(id))) return;
    this.#write();
    this.#expected = this.#expected.filter(({ id }) => !ids.includes(id));
  }

  /** As if no clip had ever been added; for tests alone. */
  forget(): void {
    this.#clips = [];
  }

  add(clip: Clip): void {
    this.#write();
    this.#clips = [...this.#clips, clip].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.withdraw([clip.id]);
    this.ledger.push({ name: 'clip.recorded', clipId: clip.id });
  }

  get(id: string): Clip | undefined {
    return this.#clips.find((clip) => clip.id === id);
  }

  list(filter: ClipFilter): readonly Clip[] {
    const { feedingId, petId, keep, isSent, rank, fromMs, toMs, before, limit } = filter;
    const wanted = this.#clips.filter(
      (clip) =>
        (feedingId === undefined || clip.feedingIds.includes(feedingId)) &&
        (petId === undefined || clip.petIds.includes(petId)) &&
        (keep === undefined || clip.keep === keep) &&
        (isSent === undefined || (clip.sentAtMs !== null) === isSent) &&
        (rank === undefined || clip.rank === rank) &&
        (fromMs === undefined || clip.startedMs >= fromMs) &&
        (toMs === undefined || clip.startedMs < toMs) &&
        (before === undefined || clip.id < before),
    );
    return wanted.reverse().slice(0, limit);
  }

  /** Oldest first; for tests alone. */
  all(): readonly Clip[] {
    return this.#clips;
  }

  async *shelf(): AsyncGenerator<readonly ShelfRow[]> {
    yield this.#clips;
  }

  totals(): { readonly count: number; readonly bytes: number } {
    const bytes = this.#clips.reduce((sum, clip) => sum + clip.bytes, 0);
    return { count: this.#clips.length, bytes };
  }

  setKeep(id: string, keep: boolean): Clip {
    return this.#change(id, { keep });
  }

  setRank(id: string, rank: Clip['rank']): Clip {
    return this.#change(id, { rank });
  }

  setVisits(id: string, visits: readonly ClipVisit[]): Clip {
    const pets = [...(this.get(id)?.petIds ?? []), ...visits.flatMap(({ petId }) => petId ?? [])];
    return this.#change(id, { visits: [...visits], petIds: [...new Set(pets)] });
  }

  unsent(): number {
    return this.#clips.filter(({ sentAtMs }) => sentAtMs === null).length;
  }

  setSent(id: string, atMs: number): Clip {
    return this.#change(id, { sentAtMs: atMs });
  }

  drop(id: string, reason: EventBody<'clip.dropped'>['reason'], why: string): void {
    const clip = this.get(id);
    if (clip === undefined) return;
    this.#write();
    this.#clips = this.#clips.filter((one) => one !== clip);
    const { feedingIds, startedMs, bytes, sha256, sentAtMs } = clip;
    if (sentAtMs !== null && reason !== 'person') return;
    this.noteLost({ clipId: id, feedingIds, startedMs, bytes, sha256, reason, why });
  }

  noteLost(body: EventBody<'clip.dropped'>): void {
    this.#write();
    this.withdraw([body.clipId]);
    this.ledger.push({ name: 'clip.dropped', body });
  }

  #change(id: string, patch: Partial<Clip>): Clip {
    const clip = this.get(id);
    if (clip === undefined) throw new FeederError('ERR_NOT_FOUND');
    this.#write();
    const changed = { ...clip, ...patch };
    this.#clips = this.#clips.map((one) => (one === clip ? changed : one));
    return changed;
  }

  #write(): void {
    if (this.isRefusing) throw new FeederError('ERR_STORAGE');
    this.writes += 1;
  }
}
