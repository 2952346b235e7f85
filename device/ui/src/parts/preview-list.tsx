import type { PreviewDay } from '@cat-feeder/shared';
import { dueText, portionText, writtenDayText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { preview } from '../state.ts';

type Effect = PreviewDay['occurrences'][number]['effect'];

function isServed(effect: Effect): boolean {
  return effect === 'none' || effect === 'vacation';
}

/** What became of a meal that is over, or what keeps one that is to come. */
function sayEnd({ effect, verdict }: PreviewDay['occurrences'][number]): string {
  return verdict === null ? sayCode('preview', effect) : sayCode('verdict', verdict);
}

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
          <li key={one.key} class={isServed(one.effect) ? '' : 'day-off'}>
            <span class="day-time">{dueText(one, zone)}</span>{' '}
            {isServed(one.effect)
              ? say('unit.grams', { grams: portionText(one.portionGrams) })
              : sayEnd(one)}
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
