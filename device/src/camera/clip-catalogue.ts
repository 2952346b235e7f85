import type {
  Clip,
  ClipDropReason,
  ClipRank,
  ClipVisit,
  EpochMs,
  EventBody,
} from '@cat-feeder/shared';

/** What is asked of the list of clips; fields that are missing do not matter. */
export interface ClipFilter {
  readonly feedingId?: string;
  readonly petId?: string;
  readonly keep?: boolean;
  /** Whether the cloud has it. */
  readonly isSent?: boolean;
  readonly rank?: ClipRank;
  /** Began at or after, and before. */
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** Older than this clip: the last one of the page before. */
  readonly before?: string;
  readonly limit: number;
}

/** What retention, and the check of the files, know of a clip. */
export type ShelfRow = Pick<Clip, 'id' | 'rank' | 'startedMs' | 'bytes' | 'keep' | 'sentAtMs'>;

/** A clip that is to be: what the ledger is told of it when nothing comes of it. */
export type ExpectedClip = Pick<Clip, 'id' | 'feedingIds' | 'startedMs'>;

/**
 * The rows of clips and their entries in the ledger, each pair in one durable transaction. Ids are
 * in the order of time. Throws `ERR_STORAGE` and changes nothing when the disk refuses.
 */
export interface ClipCatalogue {
  /**
   * Notes clips that are to be, or what is newly known of them, in one small write; `add` and
   * `noteLost` take the note away.
   */
  expect(clips: readonly ExpectedClip[]): void;
  /** Those of which nothing has come yet, oldest first; also those of starts before. */
  expected(): readonly ExpectedClip[];
  /** Nothing is to come of these any more. Writes nothing when none of them is noted. */
  withdraw(ids: readonly string[]): void;
  /** The row and `clip.recorded`. */
  add(clip: Clip): void;
  get(id: string): Clip | undefined;
  /** Newest first. */
  list(filter: ClipFilter): readonly Clip[];
  /** Every clip, oldest first, in pages between which others have their turn. */
  shelf(): AsyncIterable<readonly ShelfRow[]>;
  /** How many, and how much their videos take; from memory, asked every second. */
  totals(): { readonly count: number; readonly bytes: number };
  /** `ERR_NOT_FOUND`. */
  setKeep(id: string, keep: boolean): Clip;
  /** What it is worth, once its feeding has ended; no entry. `ERR_NOT_FOUND`. */
  setRank(id: string, rank: ClipRank): Clip;
  /** All visits that it shows, some of which are known later than it; no entry. `ERR_NOT_FOUND`. */
  setVisits(id: string, visits: readonly ClipVisit[]): Clip;
  /** How many the cloud does not have. */
  unsent(): number;
  /** Confirmed by the cloud. `ERR_NOT_FOUND`. */
  setSent(id: string, atMs: EpochMs): Clip;
  /**
   * The row goes; `clip.dropped` is written unless the cloud has it, and always when its owner
   * deletes it. An id without a row does nothing.
   */
  drop(id: string, reason: ClipDropReason, why: string): void;
  /** `clip.dropped` for a clip that never came to be. */
  noteLost(lost: EventBody<'clip.dropped'>): void;
}
