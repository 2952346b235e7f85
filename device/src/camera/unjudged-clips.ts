import type { ClipRank, Feeding } from '@cat-feeder/shared';
import { rankOf, type Take } from './takes.ts';

/** More clips of feedings that have not ended are not remembered: they keep the higher rank. */
const CLIPS_MAX = 32;

interface Unjudged {
  readonly id: string;
  readonly feedings: readonly Feeding[];
}

/** Clips that were cut before their feeding ended: what they are worth is known later. */
export class UnjudgedClips {
  #clips: readonly Unjudged[] = [];

  note({ feedings }: Take, ids: readonly string[]): void {
    if (!feedings.some(isRunning)) return;
    this.#clips = [...this.#clips, ...ids.map((id) => ({ id, feedings }))].slice(-CLIPS_MAX);
  }

  has(clipId: string): boolean {
    return this.#clips.some(({ id }) => id === clipId);
  }

  /** What is known with the end of this feeding: the clips of which all feedings have ended. */
  ended(feeding: Feeding): readonly { readonly id: string; readonly rank: ClipRank }[] {
    const clips = this.#clips.map(({ id, feedings }) => ({
      id,
      feedings: feedings.map((one) => (one.id === feeding.id ? feeding : one)),
    }));
    this.#clips = clips.filter(({ feedings }) => feedings.some(isRunning));
    return clips
      .filter(({ feedings }) => !feedings.some(isRunning))
      .map(({ id, feedings }) => ({ id, rank: rankOf({ feedings }) }));
  }
}

function isRunning({ state }: Feeding): boolean {
  return state !== 'done';
}
