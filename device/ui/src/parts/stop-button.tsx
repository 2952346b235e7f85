import { signal } from '@preact/signals';
import { api } from '../api-client.ts';
import { say } from '../messages/say.ts';
import { refreshStatus, status } from '../state.ts';

type StopNews = 'none' | 'sending' | 'stopped' | 'still-on' | 'no-answer';
const news = signal<StopNews>('none');

/** Sends the stop at once, whatever else is going on, as often as it is pressed. */
async function stop(): Promise<void> {
  news.value = 'sending';
  try {
    const result = await api.stop();
    news.value = result.motorOn ? 'still-on' : 'stopped';
  } catch {
    news.value = 'no-answer';
    return;
  }
  await refreshStatus();
}

const texts = {
  sending: 'stop.sending',
  stopped: 'stop.stopped',
  'still-on': 'stop.stillOn',
  'no-answer': 'stop.noAnswer',
} as const;

/** The emergency stop. It is never disabled and asks no question. */
export function StopButton() {
  const motorOn = status.value?.motorOn === true || status.value?.running != null;
  return (
    <button
      type="button"
      class={`stop ${motorOn ? 'stop-armed' : ''}`}
      onClick={() => void stop()}
      aria-label={say('stop.label')}
    >
      <span class="stop-sign" aria-hidden="true" />
      {say('stop.button')}
    </button>
  );
}

/** What came of the stop, until it is put away. */
export function StopNewsLine() {
  const now = news.value;
  const bad = now === 'no-answer' || now === 'still-on';
  return (
    <div class="stop-news" role="alert">
      {now !== 'none' && (
        <p class={`notice ${bad ? 'notice-bad' : 'notice-good'}`}>
          <span class="notice-text">{say(texts[now])}</span>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              news.value = 'none';
            }}
          >
            {say('action.dismiss')}
          </button>
        </p>
      )}
    </div>
  );
}
