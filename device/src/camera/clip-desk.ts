import type {
  Clip,
  ClipDropReason,
  ClipRank,
  ClipVisit,
  EventBody,
  Milliseconds,
} from '@cat-feeder/shared';
import type { Logger } from '../platform/logger.ts';
import { reasonOf } from '../platform/part.ts';
import type { ExpectedClip } from './clip-catalogue.ts';
import type { ClipMaker, ClipOrder } from './clip-making.ts';
import { type ClipRoom, makeRoom } from './clip-room.ts';
import { absenceTold, orderShelf } from './clip-shelf.ts';
import { tolerateRefusal } from './disk-refusal.ts';
import type { MealRest } from './meal-rest.ts';
import { visitLinks } from './visit-links.ts';

/** Orders that wait for the one that is being made; more are lost, and told as lost. */
const WAITING_MAX = 8;
/** A clip is at most this much larger than its segments, its pictures included. */
const ROOM_FACTOR = 1.05;
const PICTURES_BYTES = 600_000;
/** A rule that is met by no clip that may go. */
const NO_ROOM =
  'Clips have no room, and removing those that may go would not make it: see clipQuotaMb, clipFreeMb and the free space of the disk, or let go of clips that are kept.';

/** What is known of a clip before it is made. */
export type ClipSubject = Pick<
  Clip,
  'rank' | 'feedingIds' | 'visits' | 'petIds' | 'continues' | 'startedMs' | 'gapMs'
>;

export interface ClipJob {
  readonly order: ClipOrder;
  readonly subject: ClipSubject;
}

export interface ClipDeskParts extends ClipRoom {
  readonly maker: ClipMaker;
  readonly logger: Logger;
  readonly monoMs: () => Milliseconds;
  /** When rows and entries may be written. */
  readonly rest: MealRest;
  readonly onClip: (clip: Clip) => void;
  /** The segments of a job are needed no longer. */
  readonly onDone: () => void;
}

/**
 * Makes clips, one after the other: room first, then the file, then its name, then its row. What
 * goes wrong costs that clip and is told in the ledger.
 */
export class ClipDesk {
  readonly #parts: ClipDeskParts;
  readonly #jobs: ClipJob[] = [];
  /** Its file is there, its row waits for the end of a meal. */
  #unrecorded: ClipJob | null = null;
  #work: Promise<void> = Promise.resolve();
  #problem = '';
  #noRoom = '';
  #besideBytes = 0;
  /** When clips of this run were made. */
  readonly #madeMs = new Map<string, Milliseconds>();
  /** Clips whose files are not there, and may come back. */
  #absent: ReadonlySet<string> = new Set();

  constructor(parts: ClipDeskParts) {
    this.#parts = parts;
  }

  /** Why the last piece of work failed, or what keeps clips from their place; empty: nothing. */
  get problem(): string {
    const { size } = this.#absent;
    return this.#problem || (size > 0 ? absenceTold(size) : '') || this.#noRoom;
  }

  /** What files take beside the videos that have a row, when it was last looked: pictures. */
  get besideBytes(): number {
    return this.#besideBytes;
  }

  /** Jobs that still need their segments, the one that is being made first. */
  get jobs(): readonly ClipJob[] {
    return this.#jobs;
  }

  /** Jobs of which there is no row yet. */
  get pending(): readonly ClipJob[] {
    return this.#unrecorded === null ? this.#jobs : [this.#unrecorded, ...this.#jobs];
  }

  add(job: ClipJob): void {
    if (this.#jobs.length > WAITING_MAX) {
      this.lose(job, 'not_made', 'Too many clips wait to be made.');
      return;
    }
    this.#jobs.push(job);
    void this.#then(async () => {
      await this.#do(job);
      // Not before: what fails here must not cost the clip.
      await this.#measure();
    });
  }

  /** Changes what a clip is worth, after the jobs before; one that never came to be is no error. */
  rank(id: string, rank: ClipRank): void {
    const { catalogue, onClip } = this.#parts;
    void this.#inRest(async () => {
      const clip = catalogue.get(id);
      if (clip !== undefined && clip.rank !== rank) onClip(catalogue.setRank(id, rank));
    });
  }

  /** Names a visit on every clip that shows it, after the jobs before: it is known when it is over. */
  link(visit: ClipVisit): void {
    const { catalogue, onClip } = this.#parts;
    void this.#inRest(async () => {
      for (const { id, visits } of visitLinks(catalogue, visit)) {
        onClip(catalogue.setVisits(id, visits));
      }
    });
  }

  /** Brings rows and files together, and removes what is too old or too much, in its turn. */
  tidy(): Promise<void> {
    return this.#inRest(async () => {
      await this.#order();
      await this.#makeRoom(0);
      await this.#measure();
    });
  }

  /**
   * The same after a start, when what is not finished never will be: clips that were to be and of
   * which not even a file is there are told as lost.
   */
  reconcile(left: () => readonly ExpectedClip[] = () => []): Promise<void> {
    const { files, logger } = this.#parts;
    return this.#inRest(async () => {
      const count = await files.sweep();
      if (count > 0) logger.info({ count }, 'Unfinished files of clips were removed.');
      await this.#order();
      for (const clip of left()) {
        this.#tellLost(clip, 'not_made', 'The feeder stopped before the clip was made.');
      }
      await this.#measure();
    });
  }

  /** Resolves when everything asked for by now is done. */
  settled(): Promise<void> {
    return this.#work;
  }

  /** Tells the ledger of a clip that there will never be; at once, when no food is served. */
  lose({ order, subject }: ClipJob, reason: ClipDropReason, why: string): void {
    const { rest } = this.#parts;
    const { feedingIds, startedMs } = subject;
    const tell = () => this.#tellLost({ id: order.id, feedingIds, startedMs }, reason, why);
    if (rest.isNow()) tell();
    else {
      // No work of the desk: what went wrong before it is still what is wrong.
      void this.#queue(async () => {
        await rest.come();
        tell();
      });
    }
  }

  #tellLost(clip: ExpectedClip, reason: ClipDropReason, why: string): void {
    const lost: EventBody<'clip.dropped'> = {
      clipId: clip.id,
      feedingIds: clip.feedingIds,
      startedMs: clip.startedMs,
      bytes: null,
      sha256: null,
      reason,
      why: why.slice(0, 400),
    };
    this.#parts.logger.warn(lost, 'A clip is lost.');
    tolerateRefusal(this.#parts.logger, 'The ledger did not take a lost clip.', () =>
      this.#parts.catalogue.noteLost(lost),
    );
  }

  async #do(job: ClipJob): Promise<void> {
    try {
      await this.#make(job);
    } catch (error) {
      this.lose(job, 'not_made', reasonOf(error));
      await this.#parts.files.remove(job.order.id);
      throw error;
    } finally {
      this.#release(job);
      this.#unrecorded = null;
    }
  }

  async #make(job: ClipJob): Promise<void> {
    const { maker, files, catalogue, rest, onClip } = this.#parts;
    const { order, subject } = job;
    const raw = order.segments.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!(await this.#makeRoom(raw * ROOM_FACTOR + PICTURES_BYTES))) {
      this.lose(job, 'quota', this.#noRoom);
      return;
    }
    const made = await maker.make(order, files.work(order.id));
    const clip: Clip = { id: order.id, ...subject, ...made, keep: false, sentAtMs: null };
    await files.publish(clip);
    this.#unrecorded = job;
    this.#release(job);
    await rest.come();
    catalogue.add(clip);
    this.#madeMs.set(clip.id, this.#parts.monoMs());
    onClip(clip);
  }

  /** Its segments are needed no longer. */
  #release(job: ClipJob): void {
    const at = this.#jobs.indexOf(job);
    if (at < 0) return;
    this.#jobs.splice(at, 1);
    this.#parts.onDone();
  }

  #livedMs(id: string): Milliseconds | null {
    const madeMs = this.#madeMs.get(id);
    return madeMs === undefined ? null : this.#parts.monoMs() - madeMs;
  }

  async #makeRoom(neededBytes: number): Promise<boolean> {
    const fits = await makeRoom(this.#parts, neededBytes, (id) => this.#livedMs(id));
    this.#noRoom = fits ? '' : NO_ROOM;
    // As many as there are clips: those that are gone need no memory.
    for (const id of this.#madeMs.keys()) {
      if (this.#parts.catalogue.get(id) === undefined) this.#madeMs.delete(id);
    }
    return fits;
  }

  async #measure(): Promise<void> {
    const { files, catalogue } = this.#parts;
    const { usedBytes } = await files.space();
    this.#besideBytes = Math.max(0, usedBytes - catalogue.totals().bytes);
  }

  async #order(): Promise<void> {
    const { absent, adopted } = await orderShelf(this.#parts);
    this.#absent = absent;
    if (adopted.length === 0) return;
    this.#parts.logger.info({ count: adopted.length }, 'Clips without a row were taken in again.');
    for (const clip of adopted) this.#parts.onClip(clip);
  }

  #inRest(task: () => Promise<void>): Promise<void> {
    return this.#then(async () => {
      await this.#parts.rest.come();
      await task();
    });
  }

  #then(task: () => Promise<void>): Promise<void> {
    return this.#queue(async () => {
      await task();
      this.#problem = '';
    });
  }

  /** One thing after the other; what fails does not keep the next from its turn. */
  #queue(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      this.#problem = reasonOf(error);
      this.#parts.logger.error({ err: error }, 'The work on clips failed.');
    });
    return this.#work;
  }
}
