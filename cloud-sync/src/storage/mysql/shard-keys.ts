/** The shard key of each table: the first column of its primary key, which every statement names. */
export const shardKeys: Readonly<Record<string, 'device_id' | 'home_id'>> = {
  device: 'device_id',
  device_key: 'device_id',
  device_epoch: 'device_id',
  device_event: 'device_id',
  device_gap: 'device_id',
  device_doc: 'device_id',
  device_mutation: 'device_id',
  device_command: 'device_id',
  device_downlink: 'device_id',
  device_clip: 'device_id',
  home: 'home_id',
  home_device: 'home_id',
};

/** Small tables that live in one place; a transaction on one of them touches nothing else. */
export const unshardedTables: readonly string[] = ['claim'];
