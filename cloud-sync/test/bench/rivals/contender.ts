import type { FactRange } from './facts.ts';

/** What a sender is to do: all facts at once, or so many a second, to an address. */
export interface SendPlan extends FactRange {
  readonly perSecond?: number;
}

/** What a sender says of itself at its end; instants by the wall clock. */
export interface SenderFigures {
  readonly beganMs: number;
  /** Every fact was acknowledged by whoever the sender speaks to. */
  readonly endedMs: number;
  readonly cpuMs: number;
}

/** Something that may be killed and comes back with what it has on its disk. */
export interface Victim {
  readonly name: string;
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
}

/** One way to bring facts from a device into a database elsewhere. */
export interface Contender {
  /** Runs a sender, a process of its own, to its end. */
  send(plan: SendPlan): Promise<SenderFigures>;
  /** The same with its bytes counted: both directions, without the frames of TCP. */
  sendCounted(plan: SendPlan): Promise<number>;
  /** When the last of these facts was stored; or, if some never come, the last that did. */
  storedMs(plan: SendPlan, sent: SenderFigures): Promise<number>;
  /** The ids of all stored facts, each as often as it is there. */
  stored(): Promise<readonly string[]>;
  /** The receiving processes by their names. */
  processes(): Readonly<Record<string, number>>;
  readonly victims: readonly Victim[];
  stop(): Promise<void>;
}
