import type { Mutation } from '@cat-feeder/shared';
import type { LogEvent } from '../../device/src/sync/sync-store.ts';

/** What really happened to one feeder, seen from outside: neither program can read or write it. */
export class DeviceTruth {
  /**
   * Every entry ever made: its place in the order of creation, which copy made it, and in which life:
   * each loss of a card begins another one.
   */
  readonly created = new Map<
    string,
    { readonly n: number; readonly by: string; readonly life: number }
  >();
  /** Entries that a copy once gave up: for room, or at a fork since the cloud had them. */
  readonly letGo = new Map<string, LogEvent>();
  /** What names an epoch, written down on a card before anybody was told of it. */
  readonly genesis = new Set<string>();
  /** Entries that a committed transaction of the cloud has had. */
  readonly committed = new Set<string>();
  readonly starts = new Map<string, number[]>();
  /** Commands whose feeding a card has as served. */
  readonly served = new Set<string>();
  readonly issued = new Map<string, { readonly notAfterMs: number }>();
  readonly proposed = new Map<string, Mutation>();
  /** Food that fell: when, how much, and out of which copy. */
  readonly meals: { readonly atMs: number; readonly mg: number; readonly by: string }[] = [];
  /** Documents that a person in front of the feeder deleted. */
  readonly deletedHere = new Set<string>();
  /** When a person at the feeder last edited a document. */
  readonly editedHere = new Map<string, number>();
  /** How often a card came back from an older state, and when it last did. */
  losses = 0;
  lostAtMs = 0;
  /** Entries made before the feeder was last erased: their documents do not come back. */
  erasedBefore = 0;
  /** How many second copies of the feeder there have been: each has a history of its own. */
  clones = 0;
  /** The cloud lost something it had acknowledged. */
  cloudRestores = 0;

  /** The history that an entry belongs to: one for all, until there are two copies of the feeder. */
  historyOf(eid: string): string {
    const made = this.created.get(eid);
    return this.clones === 0 || made === undefined ? 'all' : `${made.by} life ${made.life}`;
  }
}
