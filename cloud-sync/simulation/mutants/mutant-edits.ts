import type { SyncFault } from '../faults.ts';

/** A change of one file's text. */
export interface SourceEdit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One rule of the protocol, and the changes that take it away: more than one where two rules stand in for each other. */
export interface SyncMutant {
  readonly name: string;
  /** What is taken away, in a few words. */
  readonly rule: string;
  readonly edits: readonly SourceEdit[];
  /** The faults under which its absence shows soonest; missing: all. */
  readonly faults?: readonly SyncFault[];
}

/** Where the rules are. */
export const up = 'device/src/sync';
export const core = 'cloud-sync/src/core';
/** Faults that go together. */
export const cuts: readonly SyncFault[] = [
  'power_cut',
  'power_cut_before_commit',
  'power_cut_after_commit',
  'answer_lost',
];
export const images: readonly SyncFault[] = ['image_rollback', 'answer_lost', 'partition'];
export const restores: readonly SyncFault[] = ['cloud_restore', 'partition', 'answer_lost'];
export const both: readonly SyncFault[] = [
  'both_restore',
  'image_rollback',
  'cloud_restore',
  'partition',
];
