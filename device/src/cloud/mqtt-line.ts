import { MQTT_BYTES_MAX } from '@cat-feeder/shared';
import mqtt from 'mqtt';
import type { BellCall, BellLine } from './doorbell.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 240;
/** Messages that the broker may send before the first of them is acknowledged. */
const RECEIVE_MAX = 16;
/** Topic and properties around the largest payload. */
const PACKET_BYTES_MAX = MQTT_BYTES_MAX + 1024;
/** What the broker answers to a wrong name or secret, and to one without rights. */
const REFUSALS: readonly unknown[] = [134, 135];

/**
 * One connection by mqtt.js. It never reconnects by itself, keeps nothing for later, and tells the
 * broker that a message arrived only after it was taken.
 */
export function dialMqtt(call: BellCall): BellLine {
  const { url, clientId, user: username, password, will, topics } = call;
  const client = mqtt.connect(url, {
    ...{ protocolVersion: 5, clean: true, reconnectPeriod: 0, resubscribe: false },
    ...{ queueQoSZero: false, connectTimeout: CONNECT_TIMEOUT_MS, keepalive: KEEPALIVE_S },
    ...{ clientId, username, password, timerVariant: 'native' },
    properties: {
      ...{ sessionExpiryInterval: 0, receiveMaximum: RECEIVE_MAX },
      maximumPacketSize: PACKET_BYTES_MAX,
    },
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: false },
  });
  let why = 'the connection was lost';
  let isRefused = false;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    client.end(true);
    call.onEnd(why, isRefused);
  };
  client.handleMessage = ({ topic, payload }, done) => {
    if (!isOver) call.onMessage(topic, Buffer.from(payload));
    done();
  };
  client.on('error', (error) => {
    why = error.message;
    isRefused = 'code' in error && REFUSALS.includes(error.code);
    end();
  });
  client.on('close', end);
  client.on('connect', () => {
    client.subscribe([...topics], { qos: 1 }, (error) => {
      if (error === null) {
        if (!isOver) call.onListening();
        return;
      }
      why = `the broker refuses the topics: ${error.message}`;
      isRefused = true;
      end();
    });
  });
  return {
    publish: (topic, payload, qos) => {
      // Never queued: what is said while nobody hears it is nothing.
      if (client.connected) client.publish(topic, payload, { qos }, () => {});
    },
    hangUp: () => {
      isOver = true;
      client.end(true);
    },
  };
}
