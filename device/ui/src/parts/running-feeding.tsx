import type { Feeding } from '@cat-feeder/shared';
import { signal } from '@preact/signals';
import { api } from '../api-client.ts';
import { gramsText, portionText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { progress } from '../state.ts';

const cancelling = signal<string | null>(null);
const cancelError = signal<string | null>(null);

async function cancel(feedingId: string): Promise<void> {
  cancelling.value = feedingId;
  cancelError.value = null;
  try {
    await api.cancel(feedingId);
  } catch (error) {
    cancelError.value = error instanceof Error ? error.message : String(error);
    cancelling.value = null;
  }
}

/** The feeding that runs now: stage, grams in the bowl, and how to end it. */
export function RunningFeeding({ feeding }: { feeding: Feeding }) {
  const now = progress.value?.feedingId === feeding.id ? progress.value : null;
  const stage = now?.stage ?? feeding.stage;
  const served = Math.max(0, now?.servedGrams ?? 0);
  const isCancelling = cancelling.value === feeding.id;
  const asked = portionText(feeding.portionGrams);
  return (
    <div class="running">
      <p class="running-grams">
        {now?.servedGrams == null ? say('bowl.none') : gramsText(served)}
        <span class="running-of">{say('running.of', { grams: asked })}</span>
      </p>
      <progress
        aria-label={say('running.progress')}
        max={feeding.portionGrams}
        value={Math.min(served, feeding.portionGrams)}
      />
      <p class="running-stage" role="status">
        {isCancelling ? say('running.cancelling') : sayCode('stage', stage)}
      </p>
      <p class="soft">
        {sayCode('cause', feeding.cause)}
        {(now?.attempts ?? 0) > 0 && `, ${say('running.attempts', { count: now?.attempts ?? 0 })}`}
      </p>
      <button
        type="button"
        class="wide"
        disabled={isCancelling}
        onClick={() => void cancel(feeding.id)}
      >
        {say('running.cancel')}
      </button>
      {cancelError.value !== null && <p class="field-error">{cancelError.value}</p>}
    </div>
  );
}
