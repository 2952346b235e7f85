import { FeederError, type Milliseconds, MQTT_BYTES_MAX } from '@cat-feeder/shared';
import mqtt, { type MqttClient } from 'mqtt';
import type { CloudLog } from '../api/deps.ts';
import type { System } from '../platform/system.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const KEEPALIVE_S = 30;
const RETRY_MS_MAX: Milliseconds = 30_000;
const RETRY_FLOOR_MS: Milliseconds = 200;
const RETRY_STEPS_MAX = 5;
/** Messages that the broker has not acknowledged; one more is dropped: a bell that is late is none. */
const IN_FLIGHT_MAX = 1_000;

export interface BrokerOptions {
  /** With name and secret, when the broker wants them. */
  readonly url: string;
  /** Filters that are listened to on every connection. */
  readonly topics: readonly string[];
  readonly system: System;
  readonly log: CloudLog;
  readonly onMessage: (topic: string, payload: Buffer) => void;
  /** A topic that only the service may write to: whether it can is asked on each connection. */
  readonly probeTopic: string;
  /** It cannot; what is told to the broker then may end the connection, and make the next one better. */
  readonly onPowerless: () => void;
}

/** How one message travels. */
export interface Post {
  readonly qos: 0 | 1;
  /** After this it is worth nothing, and the broker forgets it. */
  readonly expiryS?: number;
}

/**
 * This node's connection to the broker. Nobody waits for it: while it is away, and when it is slow,
 * messages are dropped and counted. Whatever they said is in the database.
 */
export class BrokerConnection {
  readonly #options: BrokerOptions;
  #client: MqttClient | null = null;
  #isUp = false;
  #isClosed = false;
  #tries = 0;
  #inFlight = 0;
  #callOff = () => {};
  readonly #topics: Set<string>;
  sent = 0;
  dropped = 0;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#topics = new Set(options.topics);
    this.#connect();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Never throws and never waits. What does not fit, or finds nobody, is dropped. */
  publish(topic: string, body: unknown, { qos, expiryS }: Post): void {
    const payload = JSON.stringify(body);
    const client = this.#client;
    const fits = Buffer.byteLength(payload) <= MQTT_BYTES_MAX && this.#inFlight < IN_FLIGHT_MAX;
    if (client?.connected !== true || !fits) {
      this.dropped += 1;
      return;
    }
    const properties = expiryS === undefined ? {} : { messageExpiryInterval: expiryS };
    this.#inFlight += 1;
    this.sent += 1;
    client.publish(topic, payload, { qos, retain: false, properties }, () => {
      // A connection that is over counts no more.
      if (client === this.#client) this.#inFlight -= 1;
    });
  }

  /** Listens to one more filter, on this connection and on those after it. */
  listen(topic: string): void {
    this.#topics.add(topic);
    if (this.#client?.connected) this.#client.subscribe(topic, { qos: 0 }, () => {});
  }

  unlisten(topic: string): void {
    this.#topics.delete(topic);
    if (this.#client?.connected) this.#client.unsubscribe(topic, {}, () => {});
  }

  /** @throws {FeederError} ERR_UNAVAILABLE: there is no connection. */
  async ping(): Promise<void> {
    if (this.#isUp) return;
    throw new FeederError('ERR_UNAVAILABLE', { message: 'There is no connection to the broker.' });
  }

  close(): void {
    this.#isClosed = true;
    this.#callOff();
    this.#drop();
  }

  #connect(): void {
    const { url, system, onMessage } = this.#options;
    const name = Buffer.from(system.random(8)).toString('hex');
    const client = mqtt.connect(url, {
      ...{ protocolVersion: 5, clean: true, reconnectPeriod: 0, resubscribe: false },
      ...{ queueQoSZero: false, connectTimeout: CONNECT_TIMEOUT_MS, keepalive: KEEPALIVE_S },
      ...{ clientId: `cloud-${name}`, timerVariant: 'native' },
      properties: { sessionExpiryInterval: 0 },
    });
    this.#client = client;
    this.#inFlight = 0;
    client.on('message', (topic, payload) => onMessage(topic, Buffer.from(payload)));
    client.on('connect', () => this.#welcome(client));
    client.on('error', (error) => this.#lose(client, error.message));
    client.on('close', () => this.#lose(client, 'the connection was lost'));
  }

  #welcome(client: MqttClient): void {
    const { log, probeTopic, onPowerless } = this.#options;
    client.subscribe([...this.#topics], { qos: 0 }, (error) => {
      if (error !== null) log.warn({ error }, 'The broker refuses topics.');
    });
    client.publish(probeTopic, '{}', { qos: 1 }, (error) => {
      if (client !== this.#client) return;
      if (error != null) {
        onPowerless();
        return;
      }
      this.#isUp = true;
      this.#tries = 0;
    });
  }

  #lose(client: MqttClient, why: string): void {
    if (client !== this.#client || this.#isClosed) return;
    const { log, system } = this.#options;
    if (this.#isUp || this.#tries === 0) log.warn({ why }, 'There is no broker: nothing rings.');
    this.#drop();
    const [byte = 0] = system.random(1);
    const capMs = Math.min(RETRY_MS_MAX, 2 ** this.#tries * 1000);
    this.#tries = Math.min(RETRY_STEPS_MAX, this.#tries + 1);
    this.#callOff = system.after(RETRY_FLOOR_MS + (byte / 256) * capMs, () => this.#connect());
  }

  #drop(): void {
    const client = this.#client;
    this.#client = null;
    this.#isUp = false;
    client?.end(true);
  }
}
