import { PARTY_LETTERS } from './wire.ts';

/** All topics of a feeder begin with this; its first byte follows, so that workers can share a fleet. */
const PREFIX = 'cf/1';

/** Larger payloads are never sent over MQTT. */
export const MQTT_BYTES_MAX = 65_536;

/** Where a feeder and its cloud meet at a broker. */
export interface DeviceTopics {
  /** To the feeder: an item of the downlink. */
  readonly down: string;
  /** To the feeder: a bare ring. */
  readonly poke: string;
  /** From the feeder: birth and will. */
  readonly presence: string;
  /** From the feeder: what happens right now, while somebody watches. */
  readonly live: string;
  /** Between nodes of the service: entries were stored. */
  readonly note: string;
}

/** The topics of a device, whose id is 26 letters of base32. */
export function topicsOf(deviceId: string): DeviceTopics {
  const base = `${PREFIX}/${shardOf(deviceId)}/${deviceId}`;
  return {
    down: `${base}/down`,
    poke: `${base}/poke`,
    presence: `${base}/up/pres`,
    live: `${base}/up/live`,
    note: `${base}/note`,
  };
}

/** The device that a topic belongs to, and what kind of topic it is; null: it is none of these. */
export function readTopic(topic: string): { deviceId: string; kind: keyof DeviceTopics } | null {
  const deviceId = topic.split('/')[3] ?? '';
  const found = Object.entries(topicsOf(deviceId)).find(([, name]) => name === topic);
  return found === undefined ? null : { deviceId, kind: found[0] as keyof DeviceTopics };
}

/** What a feeder may publish, and what the service listens to, as filters. */
export const topicFilters = {
  ofFeeder: (deviceId: string) => `${PREFIX}/${shardOf(deviceId)}/${deviceId}/up/#`,
  all: `${PREFIX}/#`,
  ofService: `${PREFIX}/service`,
  allPresence: `${PREFIX}/+/+/up/pres`,
} as const;

/** The first byte of the id, in hexadecimal. */
function shardOf(deviceId: string): string {
  const high = PARTY_LETTERS.indexOf(deviceId.charAt(0));
  const low = PARTY_LETTERS.indexOf(deviceId.charAt(1));
  return (((high << 3) | (low >> 2)) & 0xff).toString(16).padStart(2, '0');
}
