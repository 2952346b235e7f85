import { type DeviceTopics, topicFilters, topicsOf } from '@cat-feeder/shared';
import type { CloudLog } from '../api/deps.ts';
import type { ServiceKeys } from '../identity/service-keys.ts';
import type { BrokerConnection } from './broker-connection.ts';

/* Mosquitto's dynamic-security plugin: who may connect, and to what, told by messages. */
const CONTROL = '$CONTROL/dynamic-security/v1';
export const CONTROL_ANSWERS = `${CONTROL}/response`;

/** The role of the service itself, beside the right to give roles. */
const OWN_ROLE = 'cloud';
/** What the plugin says about things that are as they should be. */
const harmless = ['already exists', 'not found'];

const allow = (acltype: string, topic: string) => ({ acltype, topic, allow: true });

/** Gives feeders a name and a secret at the broker, which let each hear and say its own alone. */
export class FeederAccounts {
  readonly #keys: ServiceKeys;
  readonly #log: CloudLog;
  readonly #tell: (commands: readonly object[]) => void;

  constructor(parts: {
    readonly keys: ServiceKeys;
    readonly log: CloudLog;
    readonly connection: () => BrokerConnection;
  }) {
    this.#keys = parts.keys;
    this.#log = parts.log;
    this.#tell = (commands) => parts.connection().publish(CONTROL, { commands }, { qos: 1 });
  }

  /** Lets the service itself use the topics of feeders. Once granted, the broker ends the connection once. */
  admitSelf(username: string): void {
    const acls = [
      allow('publishClientSend', topicFilters.all),
      allow('subscribePattern', topicFilters.all),
    ];
    this.#tell([
      { command: 'createRole', rolename: OWN_ROLE, acls },
      { command: 'addClientRole', username, rolename: OWN_ROLE },
    ]);
  }

  /** The same on every node, and stored nowhere. */
  secretOf(deviceId: string): string {
    return this.#keys.mac('mqtt', deviceId).toString('base64url');
  }

  /** Makes the account unless it is there; `isRefused`: it is, with another secret. */
  admit(deviceId: string, isRefused: boolean): void {
    const { down, poke }: DeviceTopics = topicsOf(deviceId);
    const acls = [
      allow('subscribeLiteral', down),
      allow('subscribeLiteral', poke),
      allow('publishClientSend', topicFilters.ofFeeder(deviceId)),
    ];
    const who = { username: deviceId, password: this.secretOf(deviceId) };
    this.#tell([
      { command: 'createRole', rolename: deviceId, acls },
      { command: 'createClient', ...who, roles: [{ rolename: deviceId }] },
      ...(isRefused ? [{ command: 'setClientPassword', ...who }] : []),
    ]);
  }

  /** Ends the account and the connection that uses it. */
  remove(deviceId: string): void {
    this.#tell([
      { command: 'deleteClient', username: deviceId },
      { command: 'deleteRole', rolename: deviceId },
    ]);
  }

  /** An answer of the plugin. */
  takeAnswer(payload: Buffer): void {
    const failed = failuresOf(payload).filter(
      ({ error }) => !harmless.some((words) => error.includes(words)),
    );
    if (failed.length > 0) this.#log.warn({ failed }, 'The broker refuses what it was told.');
  }
}

function failuresOf(payload: Buffer): { command: string; error: string }[] {
  try {
    const { responses } = JSON.parse(payload.toString('utf8')) as { responses?: unknown[] };
    return (responses ?? []).flatMap((one) => {
      const { command, error } = one as { command?: unknown; error?: unknown };
      return typeof error === 'string' ? [{ command: String(command), error }] : [];
    });
  } catch {
    return [{ command: 'unknown', error: 'the answer is no JSON' }];
  }
}
