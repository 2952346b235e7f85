/**
 * Clips of the camera. What a clip shows is told twice: as lists in its row, and as one key for
 * each feeding and pet, by which its clips are found.
 */
export const clipsSql = `
CREATE TABLE clip (
  clip_id TEXT PRIMARY KEY, rank TEXT NOT NULL, started_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL, gap_ms INTEGER NOT NULL, continues TEXT,
  bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, codec TEXT NOT NULL,
  width INTEGER NOT NULL, height INTEGER NOT NULL, frames INTEGER NOT NULL,
  has_audio INTEGER NOT NULL, keep INTEGER NOT NULL, sent_ms INTEGER,
  feeding_ids TEXT NOT NULL, visits TEXT NOT NULL, pet_ids TEXT NOT NULL,
  pictures TEXT NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX clip_by_start ON clip (started_ms);

CREATE TABLE clip_link (
  k TEXT PRIMARY KEY, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
