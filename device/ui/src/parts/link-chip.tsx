import { clockText } from '../format.ts';
import { say } from '../messages/say.ts';
import { link, nowMs, status, zone } from '../state.ts';

/** The link to the feeder, its time, and whether it is a simulated board. */
export function LinkChip() {
  const time = nowMs.value === null ? '' : clockText(nowMs.value, zone.value);
  return (
    <p class={`link link-${link.value}`}>
      {status.value?.simulated === true && <span class="sim">{say('link.simulated')}</span>}
      <span class="dot" aria-hidden="true" />
      <span class="link-word">{say(`link.${link.value}`)}</span>
      {link.value === 'live' && <time class="link-time">{time}</time>}
    </p>
  );
}
