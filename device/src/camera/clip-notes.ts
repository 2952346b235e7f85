import type { Feeding, Milliseconds } from '@cat-feeder/shared';
import type { Logger } from '../platform/logger.ts';
import type { ClipCatalogue, ExpectedClip } from './clip-catalogue.ts';
import type { ClipJob } from './clip-desk.ts';
import type { JobMaker } from './clip-jobs.ts';
import { tolerateRefusal } from './disk-refusal.ts';
import { isOfNoUse, type Take } from './takes.ts';

export interface ClipNotesParts {
  readonly catalogue: ClipCatalogue;
  readonly logger: Logger;
  /** Of the longest clip. */
  readonly clipMs: Milliseconds;
}

/** All that clips are to be made of. */
export interface PendingClips {
  readonly takes: readonly Take[];
  readonly jobs: readonly ClipJob[];
  /** Whether a clip shows a feeding that still runs. */
  readonly isUnjudged: (id: string) => boolean;
}

/**
 * Durable notes of clips that are to be, so that what a crash takes with the memory is told. Nothing
 * is written while a feeding runs that the clip shows: one that is cut off is told anyway. A clip is
 * noted by the id that it will have, and again when another feeding that it shows has ended.
 */
export class ClipNotes {
  readonly #parts: ClipNotesParts;
  /** Of takes that are noted, by their number. */
  #ids: ReadonlyMap<number, string> = new Map();
  /** Clips of this run that were noted and are still to be, with the feedings that they name. */
  #noted: ReadonlyMap<string, readonly string[]> = new Map();
  /** Feedings that were cut off before this start and are not closed yet. */
  #cutOff: readonly Feeding[] = [];

  constructor(parts: ClipNotesParts) {
    this.#parts = parts;
  }

  /** The id under which a take was noted, for its first clip. */
  idOf({ number }: Take): string | undefined {
    return this.#ids.get(number);
  }

  /** These were cut off before this start; what is noted of them is told when they are closed. */
  await(cutOff: readonly Feeding[]): void {
    this.#cutOff = cutOff;
  }

  /** A feeding that was cut off is closed: the clip that was to show it, if one was noted. */
  closed(feeding: Feeding): ExpectedClip | undefined {
    this.#cutOff = this.#cutOff.filter(({ id }) => id !== feeding.id);
    return this.#leftOf(feeding);
  }

  /** What starts before this one noted and nothing came of, nor will be told of otherwise. */
  left(): readonly ExpectedClip[] {
    const awaited = this.#cutOff.map((feeding) => this.#leftOf(feeding)?.id);
    return this.#left().filter(({ id }) => !awaited.includes(id));
  }

  #left(): readonly ExpectedClip[] {
    return this.#parts.catalogue.expected().filter(({ id }) => !this.#noted.has(id));
  }

  /** It was open when the feeding began. */
  #leftOf({ id, startedAtMs }: Feeding): ExpectedClip | undefined {
    return this.#left().findLast(({ feedingIds, startedMs }) => {
      const sinceMs = startedAtMs - startedMs;
      return feedingIds.includes(id) || (sinceMs >= 0 && sinceMs <= this.#parts.clipMs);
    });
  }

  /** Notes what is new, and lets go of what is not to be any more. */
  update({ takes, jobs, isUnjudged }: PendingClips, maker: JobMaker): void {
    const { catalogue, logger } = this.#parts;
    const before = this.#noted;
    const known = takes.filter((take) => this.#ids.has(take.number) || isWorthNoting(take));
    this.#ids = new Map(known.map((take) => [take.number, this.idOf(take) ?? maker.newId()]));
    const pending = [
      ...known.map((take) => ({ clip: this.#ofTake(take, maker), isOver: hasEnded(take) })),
      ...jobs.map((job) => ({ clip: ofJob(job), isOver: !isUnjudged(job.order.id) })),
    ].filter(({ clip, isOver }) => isOver || before.has(clip.id));
    const fresh = pending
      .filter(({ clip, isOver }) => isOver && !isSame(before.get(clip.id), clip.feedingIds))
      .map(({ clip }) => clip);
    const ids = pending.map(({ clip }) => clip.id);
    const gone = [...before.keys()].filter((id) => !ids.includes(id));
    const named = new Map([...before, ...fresh.map((clip) => [clip.id, clip.feedingIds] as const)]);
    this.#noted = new Map(ids.map((id) => [id, named.get(id) ?? []]));
    tolerateRefusal(logger, 'The notes of clips that are to be could not be kept.', () => {
      if (gone.length > 0) catalogue.withdraw(gone);
      if (fresh.length > 0) catalogue.expect(fresh);
    });
  }

  #ofTake(take: Take, { newId, wallOf }: JobMaker): ExpectedClip {
    const feedingIds = take.feedings.map((feeding) => feeding.id);
    return { id: this.idOf(take) ?? newId(), feedingIds, startedMs: wallOf(take.fromMs) };
  }
}

function hasEnded({ feedings }: Take): boolean {
  return feedings.every(({ state }) => state === 'done');
}

function isSame(before: readonly string[] | undefined, now: readonly string[]): boolean {
  return before?.join() === now.join();
}

function isWorthNoting(take: Take): boolean {
  return hasEnded(take) && !isOfNoUse(take);
}

function ofJob({ order, subject }: ClipJob): ExpectedClip {
  return { id: order.id, feedingIds: subject.feedingIds, startedMs: subject.startedMs };
}
