/** Clips that feeders have announced: their bytes lie in an object store, under `object_key`. */
export const clipsStatements: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS device_clip (
  device_id BINARY(16) NOT NULL, clip_id BINARY(16) NOT NULL, home_id BINARY(16) NOT NULL,
  feed_id BINARY(16) NULL, state TINYINT UNSIGNED NOT NULL, bytes BIGINT UNSIGNED NOT NULL,
  sha256 BINARY(32) NOT NULL, object_key VARBINARY(200) NOT NULL,
  upload_id VARBINARY(1024) NULL, created_ms BIGINT NOT NULL, stored_ms BIGINT NULL,
  due_ms BIGINT NULL, PRIMARY KEY (device_id, clip_id))`,
];
