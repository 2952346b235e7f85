import {
  type Ack,
  type DownItem,
  type MqttOffer,
  PresenceSchema,
  readTopic,
  topicFilters,
  topicsOf,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { CloudLog } from '../api/deps.ts';
import type { ServiceKeys } from '../identity/service-keys.ts';
import type { System } from '../platform/system.ts';
import { BrokerConnection } from './broker-connection.ts';
import { CONTROL_ANSWERS, FeederAccounts } from './feeder-accounts.ts';
import type { PresenceHints } from './presence-hints.ts';

/** A wish is worth ringing for as long as this; hello and the next poll bring it anyway. */
const WISH_S = 60;
const SECOND_MS = 1000;

/**
 * What the service says over MQTT: always after the commit, and never more than what the database
 * says as well. Every method returns at once, whether there is a broker or not.
 *
 * B1 Nothing is right because of a message, and nothing wrong without it.
 */
export interface Doorbell {
  /** Where a feeder listens from this session on; undefined: nowhere. */
  offer(deviceId: string, isRefused: boolean): MqttOffer | undefined;
  ring(deviceId: string, item: DownItem): void;
  /** Somebody watches: the feeder shows what happens for so long. */
  watch(deviceId: string, watchS: number): void;
  /** To those who watch: entries up to this one are stored. */
  note(deviceId: string, ack: Ack): void;
  /** The feeder has no rights any more: its connection ends. */
  remove(deviceId: string): void;
  /** Hears what is said of a device until the function that it returns is called. */
  hear(deviceId: string, tell: (kind: HeardKind, body: unknown) => void): () => void;
}
export type HeardKind = 'note' | 'live' | 'presence';

/** A service without a broker. */
export const noDoorbell: Doorbell = {
  offer: () => undefined,
  ring: () => {},
  watch: () => {},
  note: () => {},
  remove: () => {},
  hear: () => () => {},
};

export interface MqttDoorbellParts {
  /** The service's own account at the broker. */
  readonly url: string;
  /** Where feeders reach it. */
  readonly publicUrl: string;
  readonly keys: ServiceKeys;
  readonly system: System;
  readonly log: CloudLog;
  readonly presence: PresenceHints;
}

type Tell = (kind: HeardKind, body: unknown) => void;

/** The doorbell over a broker. */
export class MqttDoorbell implements Doorbell {
  readonly #publicUrl: string;
  readonly #presence: PresenceHints;
  readonly #accounts: FeederAccounts;
  readonly #system: System;
  readonly #heard = new Map<string, Set<Tell>>();
  readonly connection: BrokerConnection;

  constructor(parts: MqttDoorbellParts) {
    const { keys, log, system, url } = parts;
    this.#publicUrl = parts.publicUrl;
    this.#presence = parts.presence;
    this.#system = system;
    this.#accounts = new FeederAccounts({ keys, log, connection: () => this.connection });
    const { username } = new URL(url);
    this.connection = new BrokerConnection({
      ...{ url, system, log },
      // One node of all hears of each feeder's coming and going.
      topics: [CONTROL_ANSWERS, `$share/cloud/${topicFilters.allPresence}`],
      probeTopic: topicFilters.ofService,
      onPowerless: () => this.#accounts.admitSelf(decodeURIComponent(username)),
      onMessage: (topic, payload) => this.#take(topic, payload),
    });
  }

  offer(deviceId: string, isRefused: boolean): MqttOffer {
    this.#accounts.admit(deviceId, isRefused);
    const token = this.#accounts.secretOf(deviceId);
    return { url: this.#publicUrl, user: deviceId, token };
  }

  ring(deviceId: string, item: DownItem): void {
    const leftMs = 'na' in item ? item.na - this.#system.wallMs() : WISH_S * SECOND_MS;
    const expiryS = Math.max(1, Math.ceil(leftMs / SECOND_MS));
    this.connection.publish(topicsOf(deviceId).down, item, { qos: 1, expiryS });
  }

  watch(deviceId: string, watchS: number): void {
    const poke = { down: 0, watch_s: watchS };
    this.connection.publish(topicsOf(deviceId).poke, poke, { qos: 0 });
  }

  note(deviceId: string, { epoch, seq }: Ack): void {
    this.connection.publish(topicsOf(deviceId).note, { epoch, seq }, { qos: 0 });
  }

  remove(deviceId: string): void {
    this.#accounts.remove(deviceId);
  }

  hear(deviceId: string, tell: Tell): () => void {
    const { note, live, presence } = topicsOf(deviceId);
    const known = this.#heard.get(deviceId);
    const all = known ?? new Set<Tell>();
    all.add(tell);
    if (known === undefined) {
      this.#heard.set(deviceId, all);
      for (const topic of [note, live, presence]) this.connection.listen(topic);
    }
    return () => {
      all.delete(tell);
      if (all.size > 0 || this.#heard.get(deviceId) !== all) return;
      this.#heard.delete(deviceId);
      for (const topic of [note, live, presence]) this.connection.unlisten(topic);
    };
  }

  close(): void {
    this.connection.close();
  }

  #take(topic: string, payload: Buffer): void {
    if (topic === CONTROL_ANSWERS) {
      this.#accounts.takeAnswer(payload);
      return;
    }
    const place = readTopic(topic);
    const body = readJson(payload);
    if (place === null || body === undefined) return;
    const { deviceId, kind } = place;
    if (kind === 'down' || kind === 'poke') return;
    if (kind === 'presence') {
      const parsed = v.safeParse(PresenceSchema, body);
      if (!parsed.success) return;
      const { on, session } = parsed.output;
      this.#presence.note(deviceId, { isOn: on === 1, session });
    }
    for (const tell of this.#heard.get(deviceId) ?? []) tell(kind, body);
  }
}

function readJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}
