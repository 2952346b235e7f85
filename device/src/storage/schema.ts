import type { TableShape } from './checked-table.ts';

/** The rows of every table, column by column; `crc` stands apart. All masses are whole milligrams. */
export interface EventRow {
  epoch: number;
  seq: number;
  eid: Buffer;
  hash: Buffer;
  kind: number;
  kver: number;
  cls: number;
  boot: Buffer;
  mono_ms: number;
  wall_ms: number;
  tq: number;
  body: string;
}

export interface SegmentRow {
  epoch: number;
  genesis: Buffer;
  /** The first entry that is still held; `head_seq + 1` when none is. */
  base_seq: number;
  /** The hash of the entry before it, or the genesis. */
  base_hash: Buffer;
  head_seq: number;
  acked_seq: number;
  closed: number;
  pending_genesis: Buffer | null;
}

export interface GapRow {
  epoch: number;
  from_seq: number;
  to_seq: number;
  why: string;
  /** The hash of the last entry that was dropped: the chain goes on from it. */
  hash: Buffer;
}

export interface DocRow {
  kind: number;
  id: Buffer;
  rev: number;
  deleted: number;
  groups: string;
  stamps: string;
}

export interface StateRow {
  k: string;
  v: string;
}

export interface FeedingRow {
  n: number;
  feeding_id: string;
  request_id: string;
  cause: string;
  occurrence_key: string | null;
  pet_id: string | null;
  kibble_id: string | null;
  portion_mg: number;
  reserved_mg: number;
  state: string;
  result: string | null;
  fault: string | null;
  refusal: string | null;
  low_mg: number | null;
  likely_mg: number | null;
  high_mg: number | null;
  method: string | null;
  bowl_before_mg: number | null;
  bowl_after_mg: number | null;
  milli_turns: number;
  attempts: number;
  motor_ms: number;
  claimed_ms: number;
  claimed_age_ms: number;
  boot_id: string;
  quality: string;
  ended_ms: number | null;
  /** The last instant at which food of this feeding may have fallen: what the caps count from. */
  motion_ms: number;
  motion_age_ms: number;
  why: string;
}

export interface ProgressRow {
  feeding_id: string;
  stage: string;
  milli_turns: number;
  motor_ms: number;
  attempts: number;
  served_mg: number | null;
  bowl_before_mg: number | null;
}

export interface TraceRow {
  feeding_id: string;
  points: string;
}

export interface OccurrenceRow {
  key: string;
  meal_id: string;
  meal_name: string;
  pet_id: string | null;
  local_date: string;
  local_time: string;
  due_ms: number;
  portion_mg: number;
  state: string;
  verdict: string | null;
  rule: string | null;
  feeding_id: string | null;
  served_mg: number | null;
  decided_ms: number | null;
  /** The number of the last feeding when this was decided: orders both without any clock. */
  after_n: number;
  numbers: string;
  why: string;
}

/** Since the second schema. Lists are JSON, flags 0 or 1. */
export interface ClipRow {
  clip_id: string;
  rank: string;
  started_ms: number;
  duration_ms: number;
  gap_ms: number;
  continues: string | null;
  bytes: number;
  sha256: string;
  codec: string;
  width: number;
  height: number;
  frames: number;
  has_audio: number;
  keep: number;
  sent_ms: number | null;
  feeding_ids: string;
  visits: string;
  pet_ids: string;
  pictures: string;
}

export interface ClipLinkRow {
  /** Whom or what the clip shows, a slash, and the clip's id. */
  k: string;
}

export interface CommandRow {
  command_id: Buffer;
  /** In the order in which they were heard of. */
  n: number;
  state: string;
  nonce: Buffer;
  wish: string;
  not_after_ms: number;
}

export interface MutationRow {
  mid: Buffer;
  dseq: number;
  outcomes: string;
}

export const eventTable: TableShape<EventRow> = {
  name: 'event_log',
  columns: [
    'epoch',
    'seq',
    'eid',
    'hash',
    'kind',
    'kver',
    'cls',
    'boot',
    'mono_ms',
    'wall_ms',
    'tq',
    'body',
  ],
  key: ['epoch', 'seq'],
};

export const segmentTable: TableShape<SegmentRow> = {
  name: 'log_segment',
  columns: [
    'epoch',
    'genesis',
    'base_seq',
    'base_hash',
    'head_seq',
    'acked_seq',
    'closed',
    'pending_genesis',
  ],
  key: ['epoch'],
};

export const gapTable: TableShape<GapRow> = {
  name: 'log_gap',
  columns: ['epoch', 'from_seq', 'to_seq', 'why', 'hash'],
  key: ['epoch', 'from_seq'],
};

export const docTable: TableShape<DocRow> = {
  name: 'doc',
  columns: ['kind', 'id', 'rev', 'deleted', 'groups', 'stamps'],
  key: ['kind', 'id'],
};

export const stateTable: TableShape<StateRow> = {
  name: 'sync_state',
  columns: ['k', 'v'],
  key: ['k'],
};

export const feedingTable: TableShape<FeedingRow> = {
  name: 'feeding',
  columns: [
    'n',
    'feeding_id',
    'request_id',
    'cause',
    'occurrence_key',
    'pet_id',
    'kibble_id',
    'portion_mg',
    'reserved_mg',
    'state',
    'result',
    'fault',
    'refusal',
    'low_mg',
    'likely_mg',
    'high_mg',
    'method',
    'bowl_before_mg',
    'bowl_after_mg',
    'milli_turns',
    'attempts',
    'motor_ms',
    'claimed_ms',
    'claimed_age_ms',
    'boot_id',
    'quality',
    'ended_ms',
    'motion_ms',
    'motion_age_ms',
    'why',
  ],
  key: ['n'],
};

export const progressTable: TableShape<ProgressRow> = {
  name: 'feeding_progress',
  columns: [
    'feeding_id',
    'stage',
    'milli_turns',
    'motor_ms',
    'attempts',
    'served_mg',
    'bowl_before_mg',
  ],
  key: ['feeding_id'],
};

export const traceTable: TableShape<TraceRow> = {
  name: 'feeding_trace',
  columns: ['feeding_id', 'points'],
  key: ['feeding_id'],
};

export const occurrenceTable: TableShape<OccurrenceRow> = {
  name: 'occurrence',
  columns: [
    'key',
    'meal_id',
    'meal_name',
    'pet_id',
    'local_date',
    'local_time',
    'due_ms',
    'portion_mg',
    'state',
    'verdict',
    'rule',
    'feeding_id',
    'served_mg',
    'decided_ms',
    'after_n',
    'numbers',
    'why',
  ],
  key: ['key'],
};

export const clipTable: TableShape<ClipRow> = {
  name: 'clip',
  columns: [
    'clip_id',
    'rank',
    'started_ms',
    'duration_ms',
    'gap_ms',
    'continues',
    'bytes',
    'sha256',
    'codec',
    'width',
    'height',
    'frames',
    'has_audio',
    'keep',
    'sent_ms',
    'feeding_ids',
    'visits',
    'pet_ids',
    'pictures',
  ],
  key: ['clip_id'],
};

export const clipLinkTable: TableShape<ClipLinkRow> = {
  name: 'clip_link',
  columns: ['k'],
  key: ['k'],
};

export const commandTable: TableShape<CommandRow> = {
  name: 'command_log',
  columns: ['command_id', 'n', 'state', 'nonce', 'wish', 'not_after_ms'],
  key: ['command_id'],
};

export const mutationTable: TableShape<MutationRow> = {
  name: 'mutation_done',
  columns: ['mid', 'dseq', 'outcomes'],
  key: ['mid'],
};

/** Every table with row checksums, the migrations' own included. */
export const checkedTables = [
  eventTable,
  segmentTable,
  gapTable,
  docTable,
  stateTable,
  feedingTable,
  progressTable,
  traceTable,
  occurrenceTable,
  clipTable,
  clipLinkTable,
  commandTable,
  mutationTable,
] as const;
