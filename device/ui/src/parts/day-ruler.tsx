import type { Meal } from '@cat-feeder/shared';
import { minuteOfDay } from '../meal-draft.ts';

const WIDTH = 1440;
const HEIGHT = 120;
const BASE = 88;
const HOURS = [0, 6, 12, 18, 24];

/** Meals on the line of a day, each as a drop as tall as its portion. For the eye only. */
export function DayRuler({ meals }: { meals: readonly Meal[] }) {
  const timed = meals.flatMap((meal) => {
    const minute = minuteOfDay(meal.time);
    return minute === null ? [] : [{ meal, minute }];
  });
  const most = Math.max(1, ...meals.map((meal) => meal.portionGrams));
  return (
    <svg
      class="ruler"
      viewBox={`-24 0 ${WIDTH + 48} ${HEIGHT}`}
      aria-hidden="true"
      focusable="false"
    >
      <path class="ruler-line" d={`M0 ${BASE}H${WIDTH}`} />
      {HOURS.map((hour) => (
        <g key={hour}>
          <path class="ruler-line" d={`M${hour * 60} ${BASE}v8`} />
          <text x={hour * 60} y={HEIGHT - 2} text-anchor="middle">
            {String(hour).padStart(2, '0')}
          </text>
        </g>
      ))}
      {timed.map(({ meal, minute }) => {
        const height = 14 + (meal.portionGrams / most) * 58;
        return (
          <path
            key={meal.id}
            class={meal.enabled ? 'ruler-meal' : 'ruler-meal ruler-off'}
            d={`M${minute} ${BASE}v${-height}`}
          />
        );
      })}
    </svg>
  );
}
