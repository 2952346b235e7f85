import type { Feeding } from '@cat-feeder/shared';

/*
 * One press of the Feed button, until its end is known.
 *
 *   idle --pressed--> sending --acknowledged--> running --ended--> ended
 *                        |--refused----------> refused
 *                        |--unanswered-------> unanswered --found--> running / ended / refused
 *                                                  |--expired--> lost
 *   ended, refused, lost --dismissed--> idle          (and --pressed--> sending)
 *
 * I1 Only one press is under way; a press during sending, running or unanswered changes nothing.
 * I2 `ended` carries what the feeder recorded; the page never claims a feeding by itself.
 * I3 An unanswered press is never sent again: it is looked up by its requestId, and the feeder
 *    refuses it after `expiresAtMs` should it still arrive.
 */
export type FeedPress =
  | { readonly kind: 'idle' }
  | ({ readonly kind: 'sending' } & Press)
  | ({ readonly kind: 'running' } & Press)
  | ({ readonly kind: 'unanswered' } & Press)
  | ({ readonly kind: 'lost' } & Press)
  | ({ readonly kind: 'ended'; readonly feeding: Feeding } & Press)
  | ({ readonly kind: 'refused'; readonly why: string; readonly hint: string } & Press);

export interface Press {
  readonly requestId: string;
  readonly portionGrams: number;
  readonly expiresAtMs: number;
}

export type FeedPressEvent =
  | { readonly kind: 'pressed'; readonly press: Press }
  | { readonly kind: 'feeding'; readonly feeding: Feeding }
  | { readonly kind: 'refused'; readonly why: string; readonly hint: string }
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'dismissed' };

/** How long a press may travel before the feeder must refuse it. */
export const PRESS_TTL_MS = 10_000;

export const idlePress: FeedPress = { kind: 'idle' };

/** Whether a press is under way, so that no other may begin. */
export function isUnderWay(press: FeedPress): boolean {
  return press.kind === 'sending' || press.kind === 'running' || press.kind === 'unanswered';
}

function pressOf({ requestId, portionGrams, expiresAtMs }: Press): Press {
  return { requestId, portionGrams, expiresAtMs };
}

/** The press after an event; events that do not belong to it change nothing. */
export function nextFeedPress(press: FeedPress, event: FeedPressEvent): FeedPress {
  if (event.kind === 'pressed') {
    return isUnderWay(press) ? press : { kind: 'sending', ...event.press };
  }
  if (press.kind === 'idle') return press;
  switch (event.kind) {
    case 'feeding':
      return afterFeeding(press, event.feeding);
    case 'refused':
      if (press.kind !== 'sending') return press;
      return { kind: 'refused', ...pressOf(press), why: event.why, hint: event.hint };
    case 'unanswered':
      return press.kind === 'sending' ? { kind: 'unanswered', ...pressOf(press) } : press;
    case 'expired':
      return press.kind === 'unanswered' ? { kind: 'lost', ...pressOf(press) } : press;
    case 'dismissed':
      return isUnderWay(press) ? press : idlePress;
  }
}

function afterFeeding(press: Exclude<FeedPress, { kind: 'idle' }>, feeding: Feeding): FeedPress {
  if (feeding.requestId !== press.requestId) return press;
  if (press.kind === 'ended') return press;
  const base = pressOf(press);
  if (feeding.state === 'running') return { kind: 'running', ...base };
  if (feeding.state === 'done') return { kind: 'ended', ...base, feeding };
  return { kind: 'refused', ...base, why: feeding.why, hint: '' };
}
