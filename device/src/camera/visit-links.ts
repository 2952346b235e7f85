import type { ClipVisit, EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { ClipCatalogue } from './clip-catalogue.ts';
import { type Take, VISITS_MAX } from './takes.ts';

/** No clip is longer. */
const CLIP_MS_MAX: Milliseconds = 600_000;
/** Of a visit with more clips than this, the newest name it. */
const CLIPS_MAX = 50;

/** The clips that show a part of a visit and do not name it yet, with all visits that they show. */
export function visitLinks(
  catalogue: Pick<ClipCatalogue, 'list'>,
  visit: ClipVisit,
): readonly { readonly id: string; readonly visits: readonly ClipVisit[] }[] {
  const fromMs = visit.startedMs - CLIP_MS_MAX;
  return catalogue
    .list({ fromMs, toMs: visit.endedMs + 1, limit: CLIPS_MAX })
    .filter(({ startedMs, durationMs }) => startedMs + durationMs >= visit.startedMs)
    .filter(({ visits }) => hasPlace(visits, visit))
    .map(({ id, visits }) => ({ id, visits: [...visits, visit] }));
}

/** Whether a take shows a part of a visit and does not name it yet. */
export function isSeen(
  visit: ClipVisit,
  { fromMs, untilMs, visits }: Take,
  wallOf: (monoMs: Milliseconds) => EpochMs,
): boolean {
  const isBefore = untilMs !== null && wallOf(untilMs) < visit.startedMs;
  return !isBefore && wallOf(fromMs) <= visit.endedMs && hasPlace(visits, visit);
}

function hasPlace(visits: readonly ClipVisit[], { startedMs, endedMs }: ClipVisit): boolean {
  const isNamed = visits.some((one) => one.startedMs === startedMs && one.endedMs === endedMs);
  return !isNamed && visits.length < VISITS_MAX;
}
