import type { Mutation } from '@cat-feeder/shared';

/** What really happened to one feeder, seen from outside: neither program can read or write it. */
export class DeviceTruth {
  /** Every entry ever made, with its place in the order of creation. */
  readonly created = new Map<string, number>();
  /** Entries that the feeder once gave up for room. */
  readonly letGo = new Set<string>();
  /** Entries that a committed transaction of the cloud has had. */
  readonly committed = new Set<string>();
  readonly starts = new Map<string, number[]>();
  readonly issued = new Map<string, { readonly notAfterMs: number }>();
  readonly proposed = new Map<string, Mutation>();
  /** Food that fell: when, and how much. */
  readonly meals: { readonly atMs: number; readonly mg: number }[] = [];
  /** Documents that a person in front of the feeder deleted. */
  readonly deletedHere = new Set<string>();
  /** When a person at the feeder last edited a document. */
  readonly editedHere = new Map<string, number>();
  /** How often a card came back from an older state, and when it last did. */
  losses = 0;
  lostAtMs = 0;
  /** The feeder was erased, or changed hands: not every document comes back then. */
  wasErased = false;
  /** A second copy of the feeder ran at some time: its history is two histories. */
  hadClone = false;
  /** The cloud lost something it had acknowledged. */
  cloudRestores = 0;
}
