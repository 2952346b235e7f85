import type { Clip, EventBody } from '@cat-feeder/shared';
import type { ShelfRow } from '../camera/clip-catalogue.ts';
import type { ClipLinkRow, ClipRow } from './schema.ts';

export function clipRow(clip: Clip): ClipRow {
  return {
    clip_id: clip.id,
    rank: clip.rank,
    started_ms: Math.round(clip.startedMs),
    duration_ms: Math.round(clip.durationMs),
    gap_ms: Math.round(clip.gapMs),
    continues: clip.continues,
    bytes: clip.bytes,
    sha256: clip.sha256,
    codec: clip.codec,
    width: clip.width,
    height: clip.height,
    frames: clip.frames,
    has_audio: Number(clip.hasAudio),
    keep: Number(clip.keep),
    sent_ms: clip.sentAtMs,
    feeding_ids: JSON.stringify(clip.feedingIds),
    visits: JSON.stringify(clip.visits),
    pet_ids: JSON.stringify(clip.petIds),
    pictures: JSON.stringify(clip.pictures),
  };
}

export function toClip(row: ClipRow): Clip {
  return {
    id: row.clip_id,
    rank: row.rank as Clip['rank'],
    feedingIds: JSON.parse(row.feeding_ids),
    visits: JSON.parse(row.visits),
    petIds: JSON.parse(row.pet_ids),
    continues: row.continues,
    startedMs: row.started_ms,
    durationMs: row.duration_ms,
    gapMs: row.gap_ms,
    bytes: row.bytes,
    sha256: row.sha256,
    codec: row.codec,
    width: row.width,
    height: row.height,
    frames: row.frames,
    hasAudio: row.has_audio === 1,
    pictures: JSON.parse(row.pictures),
    keep: row.keep === 1,
    sentAtMs: row.sent_ms,
  };
}

/** What retention knows of a clip. */
export function toShelfRow(row: ClipRow): ShelfRow {
  return {
    id: row.clip_id,
    rank: row.rank as Clip['rank'],
    startedMs: row.started_ms,
    bytes: row.bytes,
    keep: row.keep === 1,
    sentAtMs: row.sent_ms,
  };
}

/** One key for each feeding and pet that the clip shows. */
export function clipLinks({ id, feedingIds, petIds }: Clip): ClipLinkRow[] {
  const subjects = [
    ...feedingIds.map((feedingId) => feedingLink(feedingId)),
    ...petIds.map((petId) => petLink(petId)),
  ];
  return [...new Set(subjects)].map((subject) => ({ k: `${subject}${id}` }));
}

/** What the links of a feeding's clips begin with. */
export function feedingLink(feedingId: string): string {
  return `feeding:${feedingId}/`;
}

/** What the links of a pet's clips begin with. */
export function petLink(petId: string): string {
  return `pet:${petId}/`;
}

/**
 * SQL for the clips whose link begins with a text: its two parameters are from and to. Ids have 26
 * characters, so the end of a link is its clip.
 */
export const linkedSql = 'clip_id IN (SELECT substr(k, -26) FROM clip_link WHERE k >= ? AND k < ?)';

/** The parameters of `linkedSql`. */
export function linkRange(link: string): [string, string] {
  return [link, `${link.slice(0, -1)}0`]; // The digit zero follows the slash.
}

export function recordedBody(clip: Clip): EventBody<'clip.recorded'> {
  const { rank, feedingIds, petIds, continues, startedMs, durationMs, gapMs } = clip;
  const { bytes, sha256, codec, visits } = clip;
  const shown = { rank, feedingIds, petIds, continues, visits };
  const file = { startedMs, durationMs, gapMs, bytes, sha256, codec };
  return { clipId: clip.id, ...shown, ...file };
}
