import {
  BatchSchema,
  ClaimSchema,
  DownQuerySchema,
  FillSchema,
  ForkSchema,
  HelloSchema,
  type Sha256,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { SeededRandom } from '../../device/src/platform/random.ts';
import { type Answer, asHttp, refused } from '../src/core/answer.ts';
import type { CloudContext } from '../src/core/cloud-context.ts';
import { claimCommand } from '../src/core/commands.ts';
import { pullDown } from '../src/core/downlink.ts';
import { compareFork } from '../src/core/fork.ts';
import { greet } from '../src/core/hello.ts';
import { fill, ingest } from '../src/core/ingest.ts';
import type { MemoryCloud } from './memory-cloud.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One process of the service: the real cores behind a table of routes, with a clock of its own. */
export class SimNode {
  readonly name: string;
  readonly context: CloudContext;
  clockOffsetMs = 0;
  /** Not there until this instant. */
  downUntilMs = 0;
  /** Answers every request with this refusal until an instant. */
  mood: {
    readonly refusal: 'overloaded' | 'bad_token' | 'proto';
    readonly untilMs: number;
  } | null = null;
  /** A newer release adds fields that this version does not know. */
  isNewer = false;
  /** A careful release allows small batches only. */
  maxEvents: number | null = null;

  constructor(parts: {
    name: string;
    store: MemoryCloud;
    now: () => number;
    random: SeededRandom;
    sha256: Sha256;
  }) {
    const { store, random, sha256 } = parts;
    this.name = parts.name;
    this.context = {
      store,
      now: () => parts.now() + this.clockOffsetMs,
      random: (length) => random.bytes(length),
      sha256,
    };
  }

  /** Answers one request, as texts over a wire. */
  async handle(
    deviceId: string,
    request: { readonly path: string; readonly body: string | undefined },
  ): Promise<HttpAnswer> {
    const { mood } = this;
    if (mood !== null && this.context.now() - this.clockOffsetMs < mood.untilMs) {
      const isOverload = mood.refusal === 'overloaded';
      return asHttp({
        ok: false,
        refusal: mood.refusal,
        ...(isOverload ? { retryAfterS: 3 } : {}),
      });
    }
    const { status, body } = asHttp(await this.#route(deviceId, request));
    return { status, body: this.#dress(status, JSON.parse(JSON.stringify(body))) };
  }

  #dress(status: number, body: Record<string, unknown>): unknown {
    if (status !== 200) return body;
    const limits = body['limits'] as Record<string, unknown> | undefined;
    const small =
      limits === undefined || this.maxEvents === null
        ? {}
        : { limits: { ...limits, max_events: this.maxEvents } };
    return { ...body, ...small, ...(this.isNewer ? { since_v7: { more: true } } : {}) };
  }

  #route(
    deviceId: string,
    { path, body }: { readonly path: string; readonly body: string | undefined },
  ): Promise<Answer<unknown>> {
    const json: unknown = body === undefined ? undefined : JSON.parse(body);
    const [place = '', query = ''] = path.split('?');
    const claimed = /^\/v1\/commands\/([^/]+)\/claim$/.exec(place)?.[1];
    if (claimed !== undefined) {
      const who = { deviceId, commandId: claimed };
      return checked(ClaimSchema, json, (claim) => claimCommand(this.context, who, claim));
    }
    if (place === '/v1/sync/down') {
      const pairs = [...new URLSearchParams(query)].map(([name, text]) => [name, Number(text)]);
      return checked(DownQuerySchema, Object.fromEntries(pairs), (down) =>
        pullDown(this.context, deviceId, down),
      );
    }
    return this.#routeSync(deviceId, place, json);
  }

  #routeSync(deviceId: string, place: string, json: unknown): Promise<Answer<unknown>> {
    const { context } = this;
    switch (place) {
      case '/v1/sync/hello':
        return checked(HelloSchema, json, (hello) => greet(context, deviceId, hello));
      case '/v1/sync/events':
        return checked(BatchSchema, json, (batch) => ingest(context, deviceId, batch));
      case '/v1/sync/fork':
        return checked(ForkSchema, json, (fork) => compareFork(context, deviceId, fork));
      case '/v1/sync/fill':
        return checked(FillSchema, json, (request) => fill(context, deviceId, request));
      default:
        return Promise.resolve(refused('not_found'));
    }
  }
}

function checked<T>(
  schema: v.GenericSchema<unknown, T>,
  json: unknown,
  use: (value: T) => Promise<Answer<unknown>>,
): Promise<Answer<unknown>> {
  const parsed = v.safeParse(schema, json);
  return parsed.success ? use(parsed.output) : Promise.resolve(refused('bad_request'));
}
