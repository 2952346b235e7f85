import type { Milliseconds } from '../units.ts';

/** Bounds of the protocol, one place for both sides. The cloud may tell a feeder to use less. */
export const SYNC_VERSION = 1;

/** Items of one batch, and its size before compression. */
export const BATCH_ITEMS_MAX = 500;
export const BATCH_BYTES_MAX = 262_144;
/** Canonical text of one event's body, in bytes of UTF-8. A larger one travels as a gap. */
export const EVENT_BODY_BYTES_MAX = 8192;
/** Text of one downlink item's body. */
export const DOWN_BODY_BYTES_MAX = 8192;
/** Items of one answer to hello or to a pull of the downlink. */
export const DOWN_ITEMS_MAX = 100;
/** Entries of one page of a fork. */
export const FORK_ITEMS_MAX = 2000;
/** Segments that one hello may name: the newest ones. */
export const SEGMENTS_MAX = 256;
/** Gaps of one epoch that hello reports back, newest first. */
export const GAPS_REPORTED_MAX = 50;

/** A claimed command starts within this much monotonic time of its claim's sending, or not at all. */
export const CLAIM_WINDOW_MS: Milliseconds = 5_000;
/** Claims that may be under way at once; more items wait in the inbox. */
export const CLAIMS_MAX = 4;
/** How long a feed-now may wait by the cloud's clock, unless it says less. */
export const COMMAND_TTL_CLOUD_MS: Milliseconds = 60_000;
export const COMMAND_TTL_CLOUD_MS_MAX: Milliseconds = 300_000;
/** A claimed command without a result after this long is `unconfirmed`. */
export const COMMAND_UNCONFIRMED_MS: Milliseconds = 600_000;
/** A feeder that was not heard for this long is offline: it gets no feed-now. */
export const LIVE_SESSION_MS: Milliseconds = 150_000;

/** Longest wait for class A, B and C before a batch is sent for it. */
export const FLUSH_A_MS: Milliseconds = 250;
export const FLUSH_B_MS: Milliseconds = 60_000;
export const FLUSH_C_MS: Milliseconds = 3_600_000;

/** Without a doorbell the downlink is asked this often. */
export const POLL_MS: Milliseconds = 60_000;
/** One request for the live channel lasts at most so long. */
export const WATCH_S_MAX = 60;
/** The live channel says something at most this often. */
export const LIVE_STEP_MS: Milliseconds = 250;
/** A hello is due again after this long, so that both sides compare notes. */
export const HELLO_MS: Milliseconds = 6 * 3_600_000;
/** No answer within this time is no answer. */
export const REQUEST_TIMEOUT_MS: Milliseconds = 30_000;
/** Back-off: full jitter below `min(cap, 2^n s)`, and this much on top of it. */
export const BACKOFF_FLOOR_MS: Milliseconds = 200;
export const BACKOFF_CAP_MS: Milliseconds = 300_000;
/** The exponent grows no further than this. */
export const BACKOFF_STEPS_MAX = 12;
/** A Retry-After beyond this is taken as this. */
export const RETRY_AFTER_MS_MAX: Milliseconds = 3_600_000;

/** A remote stamp further ahead of a trusted clock than this is not believed. */
export const HLC_AHEAD_MS_MAX: Milliseconds = 60_000;
/** A deleted document is remembered this long, and until its deletion is in the cloud. */
export const TOMBSTONE_MS: Milliseconds = 180 * 86_400_000;

/** Clips up to this size go in one piece, larger ones in parts of it. */
export const CLIP_PART_BYTES = 8 * 1024 * 1024;
/** The largest clip that is taken. */
export const CLIP_BYTES_MAX = 1024 * 1024 * 1024;
export const CLIP_PARTS_MAX = CLIP_BYTES_MAX / CLIP_PART_BYTES;
/** Addresses of parts in one answer, and how long each of them is good. */
export const CLIP_URLS_MAX = 8;
export const CLIP_URL_S = 900;
/** A clip waits up to this long before it is sent, unless somebody watches: breakfast is everywhere at once. */
export const CLIP_JITTER_MS: Milliseconds = 15 * 60_000;
