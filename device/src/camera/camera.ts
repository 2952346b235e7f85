import type {
  CameraView,
  Clip,
  ClipVisit,
  EpochMs,
  Feeding,
  Milliseconds,
  Privacy,
} from '@cat-feeder/shared';
import { FeederError, HOUR_MS, SECOND_MS } from '@cat-feeder/shared';
import type { Chance } from '../platform/back-off.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { CameraSource, Segment } from './capture.ts';
import { CaptureDriver } from './capture-driver.ts';
import type { ClipCatalogue } from './clip-catalogue.ts';
import { ClipDesk } from './clip-desk.ts';
import type { ClipFiles } from './clip-files.ts';
import { cutOffJob, type JobMaker, jobsOf, type LastClip, unseenJob } from './clip-jobs.ts';
import type { ClipMaker } from './clip-making.ts';
import { ClipNotes } from './clip-notes.ts';
import type { RetentionLimits } from './clip-retention.ts';
import { LiveSeats } from './live-seats.ts';
import { MealRest } from './meal-rest.ts';
import { EDGE_MS, SegmentRing, startedMs } from './segment-ring.ts';
import { Shield } from './shield.ts';
import {
  fetchEnded,
  isOfNoUse,
  nextTakes,
  noTakes,
  type Take,
  type TakeEvent,
  type TakeLimits,
  type Takes,
} from './takes.ts';
import { UnjudgedClips } from './unjudged-clips.ts';
import { isSeen } from './visit-links.ts';
import type { Witness } from './witness.ts';

/** The last segments stay this long at least: the live view and the snapshot read them. */
const KEPT_MS_MIN: Milliseconds = 5000;
/** After the end of a take, its last segment is waited for as long as one lasts, and this. */
const SEGMENT_WAIT_MS: Milliseconds = 2000;
/** A source with longer segments than this is not waited for to the end of one. */
const SEGMENT_MS_MAX: Milliseconds = 20_000;
/** A take that fills more of the ring than this goes on in the next clip; the rest is for that. */
const TAKE_SHARE_MAX = 0.6;
const TICK_MS: Milliseconds = SECOND_MS;
/** How often old clips are looked for; room for a new one is made when it comes. */
const TIDY_MS: Milliseconds = HOUR_MS;

export interface CameraParts {
  readonly source: CameraSource;
  readonly maker: ClipMaker;
  readonly files: ClipFiles;
  readonly catalogue: ClipCatalogue;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Of the station clock. */
  readonly wallMs: () => EpochMs;
  /** By which clips grow old; null while the wall clock is not believed. */
  readonly believedMs: () => EpochMs | null;
  /** Whether the camera may look now. */
  readonly privacy: () => Privacy;
  readonly isMealsOnly: () => boolean;
  /** Whether food is served now: nothing is written to the database then. */
  readonly isFeeding: () => boolean;
  readonly takes: TakeLimits;
  readonly retention: RetentionLimits;
  /** The most memory that segments take. */
  readonly ringBytesMax: number;
  readonly onView: (view: CameraView) => void;
  readonly onClip: (clip: Clip) => void;
}

/**
 * The camera: watches its child, keeps the last seconds, and makes a clip of everything that it is
 * told of. Nothing here can be waited for by those who tell.
 */
export class Camera implements Witness {
  readonly live: LiveSeats;
  readonly desk: ClipDesk;
  readonly #parts: CameraParts;
  readonly #clock: Clock;
  readonly #shield: Shield;
  readonly #capture: CaptureDriver;
  readonly #ring: SegmentRing;
  #takes: Takes = noTakes;
  /** Ended takes of which the last segment is still to come. */
  #awaited: Take[] = [];
  readonly #unjudged = new UnjudgedClips();
  readonly #notes: ClipNotes;
  readonly #rest: MealRest;
  #lastClip: LastClip | null = null;
  #privacy: Privacy = null;
  #cancelTick: Cancel = () => {};
  #tidyAtMs: Milliseconds = 0;
  #shown = '';
  /** As they were when they could last be asked for. */
  #totals = { count: 0, bytes: 0 };

  constructor(parts: CameraParts) {
    this.#parts = parts;
    const { source, chance, logger, maker, files, catalogue } = parts;
    this.#shield = new Shield(logger);
    this.#notes = new ClipNotes({ catalogue, logger, clipMs: parts.takes.clipMs });
    this.#clock = this.#shield.over(parts.clock);
    this.#rest = new MealRest({ clock: this.#clock, isFeeding: parts.isFeeding });
    this.#ring = new SegmentRing({
      bytesMax: parts.ringBytesMax,
      discard: (segment) => source.discard(segment),
    });
    this.#capture = new CaptureDriver({
      source,
      clock: this.#clock,
      shield: this.#shield,
      chance,
      logger,
      onSegment: (segment) => this.#segment(segment),
      onChange: () => {
        if (this.#capture.state.name === 'degraded') this.live.clear();
        this.#publish();
      },
    });
    this.live = new LiveSeats({
      onChange: () => this.#publish(),
      unseen: () => this.#unseen(),
    });
    this.desk = new ClipDesk({
      maker,
      files,
      catalogue,
      logger,
      limits: parts.retention,
      wallMs: parts.believedMs,
      monoMs: () => this.#clock.monoMs(),
      rest: this.#rest,
      onClip: (clip) => {
        parts.onClip(clip);
        this.#publish();
      },
      onDone: () => this.#trim(),
    });
  }

  /** Begins to look. Returns at once: clips are put in order beside it. */
  start(): void {
    void this.desk.reconcile(() => this.#notes.left());
    this.#shield.run(() => this.#tick());
  }

  /** Ends the child and gives memory back; a clip that is being made is finished first. */
  async stop(): Promise<void> {
    this.#cancelTick();
    this.#rest.close();
    this.live.close();
    this.#tell({ kind: 'private', isKept: true });
    await this.#capture.close();
    this.#orderReady(true);
    await this.desk.settled();
    this.#note();
    this.#ring.trim(Number.POSITIVE_INFINITY);
    this.#parts.source.close();
  }

  feedingBegan(feeding: Feeding): void {
    if (this.#privacy === null) this.#told({ kind: 'feeding began', feeding });
  }

  feedingEnded(feeding: Feeding): void {
    this.#told({ kind: 'feeding ended', feeding });
    this.#awaited = this.#awaited.map((take) => ({
      ...take,
      feedings: take.feedings.map((one) => (one.id === feeding.id ? feeding : one)),
    }));
    for (const { id, rank } of this.#unjudged.ended(feeding)) this.desk.rank(id, rank);
    this.#shield.run(() => this.#note());
  }

  /** Told before the start: these were cut off, and each of them will be closed. */
  feedingsCutOff(feedings: readonly Feeding[]): void {
    this.#notes.await(feedings);
  }

  /** A feeding that was cut off before this start is closed: what was seen went with its memory. */
  feedingCutOff(feeding: Feeding): void {
    this.#shield.run(() => {
      const noted = this.#notes.closed(feeding);
      if (this.#parts.privacy() === 'switch') return;
      const { newId } = this.#parts;
      const { startedAtMs: startedMs } = feeding;
      const job = cutOffJob(feeding, noted ?? { id: newId(), feedingIds: [], startedMs });
      const why = 'The feeder was interrupted in the middle: what was not yet a clip is lost.';
      this.desk.lose(job, 'not_made', why);
    });
  }

  visitBegan(): void {
    if (this.#privacy === null && !this.#parts.isMealsOnly()) this.#told({ kind: 'visit began' });
  }

  visitEnded(): void {
    this.#told({ kind: 'visit ended' });
  }

  visitRecorded(visit: ClipVisit): void {
    this.#shield.run(() => {
      const { wallOf } = this.#jobMaker();
      this.#awaited = this.#awaited.map((take) =>
        isSeen(visit, take, wallOf) ? { ...take, visits: [...take.visits, visit] } : take,
      );
      const { open } = this.#takes;
      if (open !== null && isSeen(visit, open, wallOf)) {
        this.#tell({ kind: 'visit recorded', visit });
      }
      this.desk.link(visit);
    });
  }

  /** The owner's switch or hours may have changed: what must end, ends now. */
  settingsChanged(): void {
    this.#shield.run(() => this.#look());
  }

  /** The newest picture as a JPEG. `ERR_CAMERA` when there is none. */
  async snapshot(): Promise<Uint8Array> {
    const newest = this.#ring.newest;
    if (newest === undefined || this.#privacy !== null) {
      throw new FeederError('ERR_CAMERA', { message: 'There is no picture now.' });
    }
    return this.#parts.maker.snapshot(newest);
  }

  view(): CameraView {
    const { source, catalogue, retention } = this.#parts;
    const { state, readiness } = this.#capture;
    this.#shield.run(() => {
      this.#totals = catalogue.totals();
    });
    const { count, bytes } = this.#totals;
    const tools = readiness?.kind === 'ready' ? readiness : null;
    return {
      state: state.name,
      why: state.why || this.desk.problem || this.#shield.why,
      isRecording: this.#takes.open !== null && state.name === 'running',
      privacy: this.#privacy,
      source: source.name,
      encoder: tools?.encoder ?? null,
      ffmpegVersion: tools?.ffmpegVersion ?? null,
      viewers: this.live.count,
      clipCount: count,
      clipBytes: bytes + this.desk.besideBytes,
      quotaBytes: retention.quotaBytes,
    };
  }

  /** Why there is no picture and will be none within the start of a child; null: there will be. */
  #unseen(): string | null {
    if (this.#privacy === 'switch') return 'The camera is switched off.';
    if (this.#privacy === 'hours') return 'These are the privacy hours of the camera.';
    const { name, why } = this.#capture.state;
    if (name === 'running' || name === 'starting') return null;
    return `There is no picture now. ${why}`.trim();
  }

  #tick(): void {
    const nowMs = this.#clock.monoMs();
    this.#cancelTick = this.#clock.after('camera tick', TICK_MS, () => this.#tick());
    this.#look();
    this.#tell({ kind: 'tick' });
    if (nowMs >= this.#tidyAtMs) {
      this.#tidyAtMs = nowMs + TIDY_MS;
      void this.desk.tidy();
    }
  }

  /** Whether the camera may look. The switch takes what is not yet a clip with it; hours do not. */
  #look(): void {
    const privacy = this.#parts.privacy();
    if (privacy !== null && privacy !== this.#privacy) {
      this.#tell({ kind: 'private', isKept: privacy === 'hours' });
      if (privacy === 'switch') {
        this.#awaited = [];
        this.#note();
      }
      this.live.clear();
    }
    this.#privacy = privacy;
    this.#capture.want(privacy === null);
    this.#trim();
    this.#publish();
  }

  #segment(segment: Segment): void {
    if (this.#privacy !== null) {
      this.#parts.source.discard(segment);
      return;
    }
    this.#ring.add(segment);
    this.live.show(segment);
    this.#tell(this.#isFull() ? { kind: 'full', atMs: segment.endedMonoMs } : { kind: 'tick' });
  }

  /** Whether the open take would soon push its own beginning out of the ring. */
  #isFull(): boolean {
    const { open } = this.#takes;
    if (open === null) return false;
    return this.#ring.bytesSince(open.fromMs) > TAKE_SHARE_MAX * this.#ring.bytesMax;
  }

  /** From outside. */
  #told(event: TakeEvent): void {
    this.#shield.run(() => this.#tell(event));
  }

  #tell(event: TakeEvent): void {
    const { takes } = this.#parts;
    const told = nextTakes(this.#takes, event, this.#clock.monoMs(), takes);
    const { ended, rest } = fetchEnded(told);
    this.#takes = rest;
    this.#awaited.push(...ended.filter((take) => !isOfNoUse(take)));
    this.#orderReady(false);
    this.#note();
    this.#trim();
    this.#publish();
  }

  #note(): void {
    if (!this.#rest.isNow()) return;
    const { open } = this.#takes;
    const takes = open === null ? this.#awaited : [...this.#awaited, open];
    const isUnjudged = (id: string) => this.#unjudged.has(id);
    this.#notes.update({ takes, jobs: this.desk.pending, isUnjudged }, this.#jobMaker());
  }

  /** Orders clips of the takes whose last segment is there, or will not come. */
  #orderReady(isEnd: boolean): void {
    const nowMs = this.#clock.monoMs();
    const segmentMs = Math.max(SECOND_MS, Math.min(this.#ring.longestMs, SEGMENT_MS_MAX));
    for (const take of [...this.#awaited]) {
      const untilMs = take.untilMs ?? nowMs;
      const seenMs = this.#ring.endedMs ?? Number.NEGATIVE_INFINITY;
      const isComplete = seenMs >= untilMs - EDGE_MS;
      if (!isComplete && !isEnd && nowMs < untilMs + segmentMs + SEGMENT_WAIT_MS) return;
      this.#awaited.splice(this.#awaited.indexOf(take), 1);
      this.#order(take);
    }
  }

  #order(take: Take): void {
    const maker = this.#jobMaker(this.#notes.idOf(take));
    const { jobs, last } = jobsOf(take, this.#ring, this.#lastClip, maker);
    this.#lastClip = last;
    const ids = jobs.map(({ order }) => order.id);
    this.#unjudged.note(take, ids);
    for (const job of jobs) this.desk.add(job);
    if (jobs.length === 0 && take.feedings.length > 0) {
      const why = `There was no picture. ${this.#capture.state.why}`.trim();
      this.desk.lose(unseenJob(take, maker), 'not_made', why);
    }
  }

  /** The first clip gets the id that it was noted by. */
  #jobMaker(notedId?: string): JobMaker {
    const { newId, wallMs } = this.#parts;
    const ids = notedId === undefined ? [] : [notedId];
    return {
      newId: () => ids.pop() ?? newId(),
      wallOf: (monoMs) => Math.round(wallMs() - (this.#clock.monoMs() - monoMs)),
    };
  }

  /** Lets go of what no clip and no pre-roll needs. */
  #trim(): void {
    const { takes } = this.#parts;
    const keptMs = this.#privacy === null ? Math.max(takes.preRollMs + SECOND_MS, KEPT_MS_MIN) : 0;
    const jobs = this.desk.jobs.flatMap(({ order }) => order.segments.slice(0, 1).map(startedMs));
    const open = this.#takes.open === null ? [] : [this.#takes.open];
    const awaited = [...this.#awaited, ...open].map(({ fromMs }) => fromMs);
    this.#ring.trim(Math.min(this.#clock.monoMs() - keptMs, ...jobs, ...awaited));
  }

  #publish(): void {
    const view = this.view();
    const shown = JSON.stringify(view);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#parts.onView(view);
  }
}
