/**
 * The first schema. Every table's primary key begins with its shard key: a device, a home, or, for
 * the small unsharded rest, a claim. No foreign keys, no numbers made by the database. Texts that
 * are compared are bytes, so that no collation makes two of them equal.
 */
export const startStatements: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS device (
  device_id BINARY(16) NOT NULL, home_id BINARY(16) NULL, model VARCHAR(200) NOT NULL,
  hw_hash BINARY(8) NOT NULL, status TINYINT UNSIGNED NOT NULL,
  session BIGINT UNSIGNED NOT NULL DEFAULT 0, session_ms BIGINT NOT NULL DEFAULT 0,
  boots VARBINARY(64) NOT NULL DEFAULT '', cloned_ms BIGINT NULL,
  max_epoch INT UNSIGNED NOT NULL DEFAULT 0, down_head BIGINT UNSIGNED NOT NULL DEFAULT 0,
  down_acked BIGINT UNSIGNED NOT NULL DEFAULT 0, created_ms BIGINT NOT NULL,
  PRIMARY KEY (device_id))`,

  `CREATE TABLE IF NOT EXISTS device_key (
  device_id BINARY(16) NOT NULL, kid BINARY(32) NOT NULL, public_x VARCHAR(43) NOT NULL,
  state TINYINT UNSIGNED NOT NULL, created_ms BIGINT NOT NULL, ends_ms BIGINT NULL,
  PRIMARY KEY (device_id, kid))`,

  `CREATE TABLE IF NOT EXISTS device_epoch (
  device_id BINARY(16) NOT NULL, epoch INT UNSIGNED NOT NULL, genesis BINARY(8) NOT NULL,
  home_id BINARY(16) NOT NULL, acked_seq BIGINT UNSIGNED NOT NULL,
  acked_hash BINARY(8) NOT NULL, adopted TINYINT UNSIGNED NOT NULL, opened_ms BIGINT NOT NULL,
  PRIMARY KEY (device_id, epoch))`,

  `CREATE TABLE IF NOT EXISTS device_event (
  device_id BINARY(16) NOT NULL, epoch INT UNSIGNED NOT NULL, seq BIGINT UNSIGNED NOT NULL,
  eid BINARY(8) NOT NULL, hash BINARY(8) NOT NULL, kind SMALLINT UNSIGNED NOT NULL,
  kver TINYINT UNSIGNED NOT NULL, boot BINARY(8) NOT NULL, mono_ms BIGINT UNSIGNED NOT NULL,
  occurred_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, tq TINYINT UNSIGNED NOT NULL,
  quarantined TINYINT UNSIGNED NOT NULL, body VARBINARY(8192) NOT NULL,
  PRIMARY KEY (device_id, epoch, seq))`,

  `CREATE TABLE IF NOT EXISTS device_gap (
  device_id BINARY(16) NOT NULL, epoch INT UNSIGNED NOT NULL, to_seq BIGINT UNSIGNED NOT NULL,
  from_seq BIGINT UNSIGNED NOT NULL, why VARCHAR(200) NOT NULL, hash BINARY(8) NOT NULL,
  PRIMARY KEY (device_id, epoch, to_seq))`,

  `CREATE TABLE IF NOT EXISTS device_doc (
  device_id BINARY(16) NOT NULL, doc_kind VARBINARY(160) NOT NULL, doc_id BINARY(16) NOT NULL,
  epoch INT UNSIGNED NOT NULL, seq BIGINT UNSIGNED NOT NULL, rev BIGINT UNSIGNED NOT NULL,
  deleted TINYINT UNSIGNED NOT NULL, gone TINYINT UNSIGNED NOT NULL,
  doc_groups VARBINARY(8192) NOT NULL, grevs VARBINARY(8192) NOT NULL,
  PRIMARY KEY (device_id, doc_kind, doc_id))`,

  `CREATE TABLE IF NOT EXISTS device_mutation (
  device_id BINARY(16) NOT NULL, mid BINARY(16) NOT NULL, dseq BIGINT UNSIGNED NOT NULL,
  outcomes VARBINARY(8192) NULL, reason VARCHAR(400) NULL, created_ms BIGINT NOT NULL,
  PRIMARY KEY (device_id, mid))`,

  `CREATE TABLE IF NOT EXISTS device_command (
  device_id BINARY(16) NOT NULL, command_id BINARY(16) NOT NULL, dseq BIGINT UNSIGNED NOT NULL,
  state TINYINT UNSIGNED NOT NULL, wish VARBINARY(1024) NOT NULL, issued_ms BIGINT NOT NULL,
  not_after_ms BIGINT NOT NULL, nonce BINARY(8) NULL, claimed_ms BIGINT NULL,
  reason VARCHAR(400) NULL, PRIMARY KEY (device_id, command_id))`,

  `CREATE TABLE IF NOT EXISTS device_downlink (
  device_id BINARY(16) NOT NULL, dseq BIGINT UNSIGNED NOT NULL, kind TINYINT UNSIGNED NOT NULL,
  ref BINARY(16) NOT NULL, not_after_ms BIGINT NULL, body VARBINARY(32768) NOT NULL,
  PRIMARY KEY (device_id, dseq))`,

  `CREATE TABLE IF NOT EXISTS home (
  home_id BINARY(16) NOT NULL, name VARCHAR(200) NOT NULL, created_ms BIGINT NOT NULL,
  PRIMARY KEY (home_id))`,

  `CREATE TABLE IF NOT EXISTS home_device (
  home_id BINARY(16) NOT NULL, device_id BINARY(16) NOT NULL, joined_ms BIGINT NOT NULL,
  left_ms BIGINT NULL, PRIMARY KEY (home_id, device_id))`,

  `CREATE TABLE IF NOT EXISTS claim (
  claim_id BINARY(16) NOT NULL, code_hash BINARY(32) NOT NULL, public_x VARCHAR(43) NOT NULL,
  hw_hash BINARY(8) NOT NULL, model VARCHAR(200) NOT NULL, state TINYINT UNSIGNED NOT NULL,
  expires_ms BIGINT NOT NULL, home_id BINARY(16) NULL, account VARCHAR(200) NULL,
  device_id BINARY(16) NULL,
  PRIMARY KEY (claim_id), UNIQUE KEY by_code (code_hash),
  KEY by_expiry (expires_ms))`,
];
