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
 * is written while a feeding runs that the clip shows: one that is cut off is told anyway. Each clip
 * is noted once, and by the id that it will have.
 */
export class ClipNotes {
  readonly #parts: ClipNotesParts;
  /** Of takes that are noted, by their number. */
  #ids: ReadonlyMap<number, string> = new Map();
  /** Clips of this run that were noted and are still to be. */
  #noted: ReadonlySet<string> = new Set();

  constructor(parts: ClipNotesParts) {
    this.#parts = parts;
  }

  /** The id under which a take was noted, for its first clip. */
  idOf({ number }: Take): string | undefined {
    return this.#ids.get(number);
  }

  /** What starts before this one noted, and nothing came of. */
  left(): readonly ExpectedClip[] {
    return this.#parts.catalogue.expected().filter(({ id }) => !this.#noted.has(id));
  }

  /** The clip that was to show a feeding that was cut off: it was open when the feeding began. */
  leftOf({ id, startedAtMs }: Feeding, clipMs: Milliseconds): ExpectedClip | undefined {
    return this.left().findLast(({ feedingIds, startedMs }) => {
      const sinceMs = startedAtMs - startedMs;
      return feedingIds.includes(id) || (sinceMs >= 0 && sinceMs <= clipMs);
    });
  }

  /** Notes what is new, and lets go of what is not to be any more. */
  update({ takes, jobs, isUnjudged }: PendingClips, maker: JobMaker): void {
    const { catalogue, logger } = this.#parts;
    const before = this.#noted;
    const known = takes.filter((take) => this.#ids.has(take.number) || isWorthNoting(take));
    this.#ids = new Map(known.map((take) => [take.number, this.idOf(take) ?? maker.newId()]));
    const clips = [
      ...known.flatMap((take) => {
        const id = this.idOf(take);
        return id === undefined ? [] : [ofTake(take, id, maker)];
      }),
      ...jobs.map(ofJob).filter(({ id }) => before.has(id) || !isUnjudged(id)),
    ];
    const fresh = clips.filter(({ id }) => !before.has(id));
    const pending = new Set(clips.map(({ id }) => id));
    const gone = [...before].filter((id) => !pending.has(id));
    this.#noted = pending;
    tolerateRefusal(logger, 'The notes of clips that are to be could not be kept.', () => {
      if (gone.length > 0) catalogue.withdraw(gone);
      if (fresh.length > 0) catalogue.expect(fresh);
    });
  }
}

function isWorthNoting(take: Take): boolean {
  return take.feedings.every(({ state }) => state === 'done') && !isOfNoUse(take);
}

function ofTake(take: Take, id: string, { wallOf }: JobMaker): ExpectedClip {
  const feedingIds = take.feedings.map((feeding) => feeding.id);
  return { id, feedingIds, startedMs: wallOf(take.fromMs) };
}

function ofJob({ order, subject }: ClipJob): ExpectedClip {
  return { id: order.id, feedingIds: subject.feedingIds, startedMs: subject.startedMs };
}
