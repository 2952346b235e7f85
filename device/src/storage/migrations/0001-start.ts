/**
 * The first schema. `event_log`, `log_segment`, `doc` and `sync_state` are those of the sync
 * protocol; every table has a column `crc` besides: the checksum of the row's other columns.
 */
export const startSql = `
CREATE TABLE event_log (
  epoch INTEGER NOT NULL, seq INTEGER NOT NULL, eid BLOB NOT NULL, hash BLOB NOT NULL,
  kind INTEGER NOT NULL, kver INTEGER NOT NULL, cls INTEGER NOT NULL,
  boot BLOB NOT NULL, mono_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, tq INTEGER NOT NULL,
  body TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (epoch, seq)) WITHOUT ROWID;

CREATE TABLE log_segment (
  epoch INTEGER PRIMARY KEY, genesis BLOB NOT NULL, base_seq INTEGER NOT NULL,
  base_hash BLOB NOT NULL, head_seq INTEGER NOT NULL, acked_seq INTEGER NOT NULL,
  closed INTEGER NOT NULL DEFAULT 0, pending_genesis BLOB, crc INTEGER NOT NULL) STRICT;

CREATE TABLE log_gap (
  epoch INTEGER NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL,
  why TEXT NOT NULL, hash BLOB NOT NULL, crc INTEGER NOT NULL,
  PRIMARY KEY (epoch, from_seq)) STRICT, WITHOUT ROWID;

CREATE TABLE doc (
  kind INTEGER NOT NULL, id BLOB NOT NULL, rev INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0, groups TEXT NOT NULL, stamps TEXT NOT NULL,
  crc INTEGER NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;

CREATE TABLE sync_state (
  k TEXT PRIMARY KEY, v TEXT NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE feeding (
  n INTEGER PRIMARY KEY, feeding_id TEXT NOT NULL, request_id TEXT NOT NULL, cause TEXT NOT NULL,
  occurrence_key TEXT, pet_id TEXT, kibble_id TEXT,
  portion_mg INTEGER NOT NULL, reserved_mg INTEGER NOT NULL, state TEXT NOT NULL,
  result TEXT, fault TEXT, refusal TEXT,
  low_mg INTEGER, likely_mg INTEGER, high_mg INTEGER, method TEXT,
  bowl_before_mg INTEGER, bowl_after_mg INTEGER,
  milli_turns INTEGER NOT NULL, attempts INTEGER NOT NULL, motor_ms INTEGER NOT NULL,
  claimed_ms INTEGER NOT NULL, claimed_age_ms INTEGER NOT NULL, boot_id TEXT NOT NULL,
  quality TEXT NOT NULL, ended_ms INTEGER, motion_ms INTEGER NOT NULL,
  motion_age_ms INTEGER NOT NULL, why TEXT NOT NULL, crc INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX feeding_by_id ON feeding (feeding_id);
CREATE UNIQUE INDEX feeding_by_request ON feeding (request_id) WHERE state <> 'refused';
CREATE INDEX refusal_by_request ON feeding (request_id) WHERE state = 'refused';
CREATE UNIQUE INDEX feeding_by_occurrence ON feeding (occurrence_key)
  WHERE occurrence_key IS NOT NULL;

CREATE TABLE feeding_progress (
  feeding_id TEXT PRIMARY KEY, stage TEXT NOT NULL, milli_turns INTEGER NOT NULL,
  motor_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, served_mg INTEGER,
  bowl_before_mg INTEGER, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE feeding_trace (
  feeding_id TEXT PRIMARY KEY, points TEXT NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE occurrence (
  key TEXT PRIMARY KEY, meal_id TEXT NOT NULL, meal_name TEXT NOT NULL, pet_id TEXT,
  local_date TEXT NOT NULL, local_time TEXT NOT NULL, due_ms INTEGER NOT NULL,
  portion_mg INTEGER NOT NULL, state TEXT NOT NULL, verdict TEXT, rule TEXT, feeding_id TEXT,
  served_mg INTEGER, decided_ms INTEGER, after_n INTEGER NOT NULL, numbers TEXT NOT NULL,
  why TEXT NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX occurrence_by_date ON occurrence (local_date);
CREATE INDEX occurrence_by_number ON occurrence (after_n);
`;
