import type { Feeding } from '@cat-feeder/shared';
import { gramsText, portionText, rangeText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { dispatchPress, press } from '../state.ts';

/** The headline of a feeding that ended: what it was, and the likely grams. */
export function endedTitle(feeding: Feeding): string {
  const grams = gramsText(feeding.dose?.likelyGrams ?? 0);
  switch (feeding.result) {
    case 'served':
      return say('ended.served', { grams });
    case 'short':
      return say('ended.short', { grams, asked: portionText(feeding.portionGrams) });
    case 'cancelled':
      return say('ended.cancelled', { grams });
    case 'failed':
      return say('ended.failed', { grams });
    case 'unknown_after_crash':
    case null:
      return say('ended.unknown');
  }
}

function Ended({ feeding }: { feeding: Feeding }) {
  const { dose } = feeding;
  return (
    <>
      <p class="notice-title">{endedTitle(feeding)}</p>
      {dose !== null && (
        <p>
          {say('ended.between', {
            range: rangeText(dose.lowGrams, dose.highGrams),
            method: sayCode('method', dose.method),
          })}
        </p>
      )}
      {feeding.result !== 'served' && <p>{feeding.why}</p>}
    </>
  );
}

/** What came of the last press of the Feed button. It says "fed" only when the feeder said so. */
export function PressOutcome() {
  const now = press.value;
  if (now.kind === 'idle' || now.kind === 'sending' || now.kind === 'running') return null;
  const isGood = now.kind === 'ended' && now.feeding.result === 'served';
  return (
    <div class={`notice ${isGood ? 'notice-good' : 'notice-warn'} outcome`}>
      <div class="notice-text">
        {now.kind === 'ended' && <Ended feeding={now.feeding} />}
        {now.kind === 'refused' && (
          <>
            <p class="notice-title">{say('press.refused')}</p>
            <p>
              {now.why} {now.hint}
            </p>
          </>
        )}
        {now.kind === 'unanswered' && (
          <>
            <p class="notice-title">{say('press.unanswered')}</p>
            <p>{say('press.unansweredText')}</p>
          </>
        )}
        {now.kind === 'lost' && (
          <>
            <p class="notice-title">{say('press.lost')}</p>
            <p>{say('press.lostText')}</p>
          </>
        )}
      </div>
      {now.kind !== 'unanswered' && (
        <button type="button" class="quiet" onClick={() => dispatchPress({ kind: 'dismissed' })}>
          {say('action.dismiss')}
        </button>
      )}
    </div>
  );
}
