import type { PreviewDay } from '@cat-feeder/shared';
import { portionText, timeText, writtenDayText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { preview } from '../state.ts';

function DayRow({ day, zone }: { day: PreviewDay; zone: string }) {
  return (
    <li class="day">
      <p class="day-name">
        {writtenDayText(day.localDate)}
        {day.clockShiftMinutes !== 0 && (
          <span class="chip chip-warn">
            {say(day.clockShiftMinutes > 0 ? 'preview.spring' : 'preview.autumn')}
          </span>
        )}
      </p>
      <ul class="day-meals">
        {day.occurrences.map((one) => (
          <li key={one.key} class={one.verdict === null ? '' : 'day-skipped'}>
            <span class="day-time">{timeText(one.dueAtMs, zone)}</span>{' '}
            {say('unit.grams', { grams: portionText(one.servedGrams ?? one.portionGrams) })}
            {one.verdict !== null && <span class="soft"> {sayCode('verdict', one.verdict)}</span>}
          </li>
        ))}
        {day.occurrences.length === 0 && <li class="soft">{say('preview.nothing')}</li>}
      </ul>
      <p class="day-total">
        {say('unit.grams', { grams: portionText(day.totalGrams) })}
        {day.totalKcal !== null && (
          <span class="soft"> {say('preview.kcal', { kcal: Math.round(day.totalKcal) })}</span>
        )}
      </p>
    </li>
  );
}

/** What the plan will do in the next seven days, by the feeder's own arithmetic. */
export function PreviewList() {
  const now = preview.value.value;
  if (now === null) return null;
  return (
    <section class="preview" aria-labelledby="preview-title">
      <h2 id="preview-title">{say('preview.title')}</h2>
      <ol class="days">
        {now.days.map((day) => (
          <DayRow key={day.localDate} day={day} zone={now.zone} />
        ))}
      </ol>
      {now.hopperEmptyOn !== null && (
        <p class="notice notice-warn">
          {say('preview.hopperEmpty', { day: writtenDayText(now.hopperEmptyOn) })}
        </p>
      )}
    </section>
  );
}
