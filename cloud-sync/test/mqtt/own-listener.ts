import { type MqttOffer, topicsOf } from '@cat-feeder/shared';
import mqtt, { type MqttClient } from 'mqtt';

/** What came over a connection to the broker, and how it ended. */
export class OwnListener {
  readonly client: MqttClient;
  readonly heard: { readonly topic: string; readonly body: unknown }[] = [];
  /** The broker's reason for each refusal. */
  readonly refusals: string[] = [];
  isOver = false;

  constructor(url: string, who: { readonly username?: string; readonly password?: string } = {}) {
    this.client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 0, ...who });
    this.client.on('message', (topic, payload) => {
      this.heard.push({ topic, body: JSON.parse(payload.toString('utf8')) });
    });
    this.client.on('error', (error) => this.refusals.push(error.message));
    this.client.on('close', () => {
      this.isOver = true;
    });
  }

  /** As a feeder with what hello gave it. */
  static of({ url, user, token }: MqttOffer): OwnListener {
    return new OwnListener(url, { username: user, password: token });
  }

  /** Waits for the connection; false: it was refused. */
  async isIn(): Promise<boolean> {
    while (!this.client.connected && !this.isOver)
      await new Promise((done) => setTimeout(done, 10));
    return this.client.connected;
  }

  async listen(topic: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.client.subscribe(topic, { qos: 1 }, (error) => resolve(error === null));
    });
  }

  async say(topic: string, body: unknown): Promise<boolean> {
    return new Promise((resolve) => {
      const payload = JSON.stringify(body);
      this.client.publish(topic, payload, { qos: 1 }, (error) => resolve(error == null));
    });
  }

  /** Listens to what the cloud says to a feeder. */
  listenAs(deviceId: string): Promise<boolean> {
    return this.listen(topicsOf(deviceId).down);
  }

  end(): void {
    this.client.end(true);
  }
}
