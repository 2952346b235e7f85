/**
 * What the link to the cloud remembers besides the ledger and the documents: commands that it has
 * heard of, so that none is carried out twice, and what became of mutations.
 */
export const syncSql = `
CREATE TABLE command_log (
  command_id BLOB PRIMARY KEY, n INTEGER NOT NULL, state TEXT NOT NULL, nonce BLOB NOT NULL,
  wish TEXT NOT NULL, not_after_ms INTEGER NOT NULL, crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX command_open ON command_log (n) WHERE state <> 'ended';

CREATE TABLE mutation_done (
  mid BLOB PRIMARY KEY, dseq INTEGER NOT NULL, outcomes TEXT NOT NULL,
  crc INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
