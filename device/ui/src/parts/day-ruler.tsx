import type { Meal } from '@cat-feeder/shared';
import { minuteOfDay } from '../meal-draft.ts';

const WIDTH = 1440;
const HEIGHT = 100;
const HOURS = ['00', '06', '12', '18', '24'];

/** Meals on the line of a day, each a bar as tall as its portion. For the eye only. */
export function DayRuler({ meals }: { meals: readonly Meal[] }) {
  const timed = meals.flatMap((meal) => {
    const minute = minuteOfDay(meal.time);
    return minute === null ? [] : [{ meal, minute }];
  });
  const most = Math.max(1, ...meals.map((meal) => meal.portionGrams));
  return (
    <div class="ruler" aria-hidden="true">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="ruler-line" d={`M0 ${HEIGHT}H${WIDTH}`} />
        {timed.map(({ meal, minute }) => (
          <path
            key={meal.id}
            class={meal.enabled ? 'ruler-meal' : 'ruler-meal ruler-off'}
            d={`M${minute} ${HEIGHT}v${-(15 + (meal.portionGrams / most) * 75)}`}
          />
        ))}
      </svg>
      <div class="ruler-hours">
        {HOURS.map((hour) => (
          <span key={hour}>{hour}</span>
        ))}
      </div>
    </div>
  );
}
