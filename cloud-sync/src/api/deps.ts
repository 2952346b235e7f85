import type { ClipContext } from '../clips/clip-context.ts';
import type { CloudContext } from '../core/cloud-context.ts';
import type { EventReader } from '../home/event-reader.ts';
import type { AccessTokens } from '../identity/access-tokens.ts';
import type { EnrolmentContext } from '../identity/enrolment.ts';
import type { Viewers } from '../live/viewers.ts';
import type { Doorbell } from '../mqtt/doorbell.ts';
import type { PresenceHints } from '../mqtt/presence-hints.ts';
import type { System } from '../platform/system.ts';
import type { Admission } from './admission.ts';
import type { CloudMetrics } from './metrics.ts';
import type { Places } from './places.ts';
import type { LocalRateLimiter, RateLimiter } from './rate-limiter.ts';
import type { RefusalLines } from './refusal-lines.ts';

/** Lines for the operator; no line holds a body, a token, a code or a key. */
export interface CloudLog {
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}

/** Whether the parts that the service stands on answer. */
export interface HealthProbes {
  readonly [component: string]: {
    /** Without it nothing can be served. */
    readonly isVital: boolean;
    /** Null: this service was set up without it. */
    readonly probe: (() => Promise<void>) | null;
  };
}

/** Everything that the routes use. */
export interface ApiDeps {
  readonly cloud: CloudContext;
  /** Null: there is no store for clips. */
  readonly clips: ClipContext | null;
  readonly events: EventReader;
  readonly enrolment: EnrolmentContext;
  readonly tokens: AccessTokens;
  /** How often feeders ask for commands and wishes. */
  readonly pollSeconds: number;
  /** The longest wait of a feeder between two tries. */
  readonly backoffCapSeconds: number;
  /** Rings after a commit; nothing depends on it. */
  readonly doorbell: Doorbell;
  readonly presence: PresenceHints;
  readonly viewers: Viewers;
  readonly admission: Admission;
  /** How much of this node one bearer or one sender may hold. */
  readonly places: Places;
  /** Proxies of one's own between the world and this service. */
  readonly proxies: number;
  readonly refusals: RefusalLines;
  /** For what must hold over all nodes. */
  readonly limiter: RateLimiter;
  /** For what a node can judge alone. */
  readonly ownLimiter: LocalRateLimiter;
  readonly metrics: CloudMetrics;
  readonly system: System;
  readonly log: CloudLog;
  readonly probes: HealthProbes;
}
