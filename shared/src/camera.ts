import * as v from 'valibot';
import { EntityIdSchema } from './ids.ts';
import { EpochMsSchema } from './time.ts';

/** The states of the camera's child process; the machine is drawn in docs/camera.md. */
export const CameraStateSchema = v.picklist([
  'off',
  'probing',
  'starting',
  'running',
  'stopping',
  'backing_off',
  'degraded',
]);
export type CameraState = v.InferOutput<typeof CameraStateSchema>;

/** Why no picture is taken although a camera is there; null: it may look. */
export const PrivacySchema = v.nullable(v.picklist(['switch', 'hours']));
export type Privacy = v.InferOutput<typeof PrivacySchema>;

/** The id of a clip; the only name under which its files are ever reached. */
export const ClipIdSchema = EntityIdSchema;

/** A visit as the ledger knows it, on a clip that shows it. */
export const ClipVisitSchema = v.strictObject({
  startedMs: EpochMsSchema,
  endedMs: EpochMsSchema,
  petId: v.nullable(v.string()),
});
export type ClipVisit = v.InferOutput<typeof ClipVisitSchema>;

/** What a clip is worth when room is needed: the first of these goes first, at equal age. */
export const ClipRankSchema = v.picklist(['visit', 'feeding', 'failed_feeding']);
export type ClipRank = v.InferOutput<typeof ClipRankSchema>;

/** The pictures beside a clip: its preview, and the bowl before and after. */
export const ClipPictureSchema = v.picklist(['thumbnail', 'before', 'after']);
export type ClipPicture = v.InferOutput<typeof ClipPictureSchema>;

/** One recorded piece of video: MP4 with H.264, whole and playable. */
export const ClipSchema = v.strictObject({
  id: ClipIdSchema,
  rank: ClipRankSchema,
  /** Feedings that it shows, oldest first. */
  feedingIds: v.array(EntityIdSchema),
  visits: v.array(ClipVisitSchema),
  /** Everyone who is known to be on it. */
  petIds: v.array(v.string()),
  /** The clip that this one goes on from without a break, or null. */
  continues: v.nullable(ClipIdSchema),
  /** Wall clock of the first picture. */
  startedMs: EpochMsSchema,
  durationMs: v.number(),
  /** Time inside the clip of which there are no pictures, because the camera was away. */
  gapMs: v.number(),
  bytes: v.number(),
  /** Of the MP4, in lower-case hex. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  codec: v.string(),
  width: v.number(),
  height: v.number(),
  frames: v.number(),
  hasAudio: v.boolean(),
  pictures: v.array(ClipPictureSchema),
  /** The owner wants it kept: nothing but the owner removes it. */
  keep: v.boolean(),
  /** When the cloud confirmed that it has it; null: it exists here only. */
  sentAtMs: v.nullable(EpochMsSchema),
});
export type Clip = v.InferOutput<typeof ClipSchema>;

/** Why a clip is not there. */
export const ClipDropReasonSchema = v.picklist([
  /** Removed by the owner. */
  'person',
  'age',
  'quota',
  'free_space',
  /** Its file is gone or is not what was recorded. */
  'damaged',
  /** The event happened, but no clip could be made of it. */
  'not_made',
]);
export type ClipDropReason = v.InferOutput<typeof ClipDropReasonSchema>;

/** The camera as people see it. */
export const CameraViewSchema = v.strictObject({
  state: CameraStateSchema,
  /** What is wrong and what to do; empty when all is well. */
  why: v.string(),
  /** A clip is being recorded now: shown as plainly as possible. */
  isRecording: v.boolean(),
  privacy: PrivacySchema,
  /** Such as `synthetic 1280x720 at 15/s`. */
  source: v.string(),
  /** Null until the tools were looked at. */
  encoder: v.nullable(v.string()),
  ffmpegVersion: v.nullable(v.string()),
  viewers: v.number(),
  clipCount: v.number(),
  /** With their pictures. */
  clipBytes: v.number(),
  quotaBytes: v.number(),
});
export type CameraView = v.InferOutput<typeof CameraViewSchema>;
