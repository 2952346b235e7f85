/** How a part is doing, by the name of what is wrong with it. */
export type PartState =
  | 'ok'
  /** Answers nothing, though nothing says that it is unplugged. */
  | 'silent'
  /** Its file, bus or address is not there, or went away. */
  | 'unplugged'
  /** Says what cannot be true. */
  | 'implausible'
  /** Repeats one value. */
  | 'stuck'
  /** At an end of its range. */
  | 'saturated'
  /** Changes more often than anything real does. */
  | 'babbling';

/** A part's condition now, with a sentence for the person in front of the feeder. */
export interface PartHealth {
  readonly state: PartState;
  /** What is known and what to look at; empty when all is well. */
  readonly why: string;
}

/** What a part found out about itself when it was asked. */
export interface PartCheck {
  readonly ok: boolean;
  readonly found: string;
  /** What to do; null when nothing is to be done. */
  readonly fix: string | null;
}

/** What every part of the hardware can do besides its work. */
export interface Part {
  /** Looks once, at most two seconds long; moves nothing that could hurt or feed. Never rejects. */
  selfTest(): Promise<PartCheck>;
  /** From what was seen last; touches nothing. */
  health(): PartHealth;
  /** Gives up what is held. Idempotent, never throws. */
  close(): void;
}

/** Nothing is wrong. */
export const healthy: PartHealth = { state: 'ok', why: '' };

/** The self-test's answer that follows from a part's health. */
export function checkOf(health: PartHealth, found: string, fix: string): PartCheck {
  if (health.state === 'ok') return { ok: true, found, fix: null };
  return { ok: false, found: `${health.state}: ${health.why}`, fix };
}

/** What an error says, as the end of a sentence. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}
