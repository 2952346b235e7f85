import type { EpochMs, Feeding, Milliseconds } from '@cat-feeder/shared';
import type { Segment } from './capture.ts';
import type { ExpectedClip } from './clip-catalogue.ts';
import type { ClipJob, ClipSubject } from './clip-desk.ts';
import { byFormat, EDGE_MS, type SegmentRing, startedMs } from './segment-ring.ts';
import { rankOf, type Take } from './takes.ts';

/** The clip that was ordered last. */
export interface LastClip {
  readonly take: number;
  readonly id: string;
  /** When its last segment ended: nothing of it is shown again. */
  readonly endedMs: Milliseconds;
}

export interface JobMaker {
  readonly newId: () => string;
  /** The wall clock at an instant of the monotonic one. */
  readonly wallOf: (monoMs: Milliseconds) => EpochMs;
}

/** The jobs of a take: one, or one for each format; none when nobody saw it. */
export function jobsOf(
  take: Take,
  ring: SegmentRing,
  before: LastClip | null,
  { newId, wallOf }: JobMaker,
): { readonly jobs: readonly ClipJob[]; readonly last: LastClip | null } {
  const goesOn = before !== null && before.take === take.continues;
  // Where the clip before ended, which may have left out the segment on the border.
  const fromMs = goesOn ? Math.max(take.fromMs - EDGE_MS, before.endedMs) : take.fromMs;
  const { segments, gapMs } = ring.cover(fromMs, take.untilMs ?? Number.POSITIVE_INFINITY);
  const runs = byFormat(segments);
  const jobs: ClipJob[] = [];
  let last = before;
  let continues = goesOn ? before.id : null;
  for (const run of runs) {
    const [first] = run;
    const end = run.at(-1);
    if (first === undefined || end === undefined) continue;
    const id = newId();
    const shown = { fromMs: startedMs(first), untilMs: end.endedMonoMs };
    const facts = {
      continues,
      startedMs: wallOf(shown.fromMs),
      gapMs: runs.length === 1 ? gapMs : 0,
    };
    jobs.push({
      order: { id, segments: run, ...bowlPictures(take, shown) },
      subject: { ...subjectOf(take), ...facts },
    });
    last = { take: take.number, id, endedMs: shown.untilMs };
    continues = id;
  }
  return { jobs, last };
}

/** The job of a take that nobody saw: never done, but told. */
export function unseenJob(take: Take, { newId, wallOf }: JobMaker): ClipJob {
  const segments: readonly Segment[] = [];
  const facts = { continues: null, startedMs: wallOf(take.fromMs), gapMs: 0 };
  return {
    order: { id: newId(), segments, beforeAtMs: null, afterAtMs: null },
    subject: { ...subjectOf(take), ...facts },
  };
}

/** The job of a feeding that a crash cut off, in the clip that was to be: never done, but told. */
export function cutOffJob(feeding: Feeding, clip: ExpectedClip): ClipJob {
  const { id, petId } = feeding;
  const segments: readonly Segment[] = [];
  return {
    order: { id: clip.id, segments, beforeAtMs: null, afterAtMs: null },
    subject: {
      ...{ rank: 'failed_feeding', visits: [], continues: null, gapMs: 0 },
      petIds: petId === null ? [] : [petId],
      feedingIds: [...new Set([...clip.feedingIds, id])],
      startedMs: clip.startedMs,
    },
  };
}

function subjectOf(take: Take): Omit<ClipSubject, 'continues' | 'startedMs' | 'gapMs'> {
  const { feedings, visits } = take;
  const pets = [...feedings, ...visits].flatMap(({ petId }) => petId ?? []);
  return {
    rank: rankOf(take),
    feedingIds: feedings.map(({ id }) => id),
    visits: [...visits],
    petIds: [...new Set(pets)],
  };
}

/** When the bowl is to be shown before and after a feeding, from the beginning of the clip. */
function bowlPictures(
  { feedings, eventFromMs, eventUntilMs }: Take,
  { fromMs, untilMs }: { readonly fromMs: Milliseconds; readonly untilMs: Milliseconds },
) {
  const inside = (atMs: Milliseconds | null) =>
    feedings.length > 0 && atMs !== null && atMs >= fromMs && atMs <= untilMs
      ? atMs - fromMs
      : null;
  return { beforeAtMs: inside(eventFromMs), afterAtMs: inside(eventUntilMs) };
}
