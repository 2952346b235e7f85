import type { Meal, Overlay, PlanView } from '@cat-feeder/shared';
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { portionText, timeText, weekdaysText, writtenDayText } from '../format.ts';
import { minuteOfDay } from '../meal-draft.ts';
import { say, sayCode } from '../messages/say.ts';
import { DayRuler } from '../parts/day-ruler.tsx';
import { Heading } from '../parts/heading.tsx';
import { MealForm } from '../parts/meal-form.tsx';
import { PreviewList } from '../parts/preview-list.tsx';
import { Problems, useSaving } from '../parts/save-form.tsx';
import { isLive, nowMs, overlays, pets, plans, preview, settings, status, zone } from '../state.ts';

/** The meal whose form is open: a new one, or one that exists. */
const open = signal<'none' | 'new' | Meal>('none');
const HOUR_MS = 3_600_000;
const PAUSES_HOURS = [4, 12, 24, 72];

/** A meal's time in words: `07:00`, or `sunrise + 30 min`. */
export function mealTimeText(time: Meal['time']): string {
  if (typeof time === 'string') return time;
  const minutes = Math.abs(time.offsetMinutes);
  const sun = say(`meal.kind.${time.sun}`);
  if (minutes === 0) return sun;
  return say(time.offsetMinutes > 0 ? 'meal.after' : 'meal.before', { sun, minutes });
}

function MealRow({ meal }: { meal: Meal }) {
  const pet = (pets.value.value ?? []).find((one) => one.id === meal.petId);
  return (
    <li class={`meal ${meal.enabled ? '' : 'meal-off'}`}>
      <p class="meal-time">{mealTimeText(meal.time)}</p>
      <p class="meal-name">
        {meal.name}
        {!meal.enabled && <span class="chip chip-calm">{say('meal.off')}</span>}
      </p>
      <p class="meal-grams">{say('unit.grams', { grams: portionText(meal.portionGrams) })}</p>
      <p class="meal-days soft">
        {weekdaysText(meal.weekdays)}
        {pet !== undefined && `, ${say('today.for', { pet: pet.name })}`}
      </p>
      <button
        type="button"
        onClick={() => {
          open.value = meal;
        }}
      >
        {say('action.edit')}
        <span class="visually-hidden">
          {' '}
          {meal.name} {mealTimeText(meal.time)}
        </span>
      </button>
    </li>
  );
}

function overlayText(overlay: Overlay, plan: PlanView | undefined): string {
  switch (overlay.kind) {
    case 'skip': {
      const meal = plan?.meals.find((one) => one.id === overlay.mealId);
      const name = meal?.name ?? say('meal.gone');
      return say('overlay.skip', { meal: name, day: writtenDayText(overlay.date) });
    }
    case 'pause': {
      const time = timeText(overlay.untilMs, zone.value);
      return say('overlay.pause', { time, note: overlay.note });
    }
    case 'vacation':
      return say('overlay.vacation', {
        from: writtenDayText(overlay.fromDate),
        to: writtenDayText(overlay.toDate),
        percent: Math.round(overlay.portionFactor * 100),
      });
  }
}

function OverlayRow({ overlay, plan }: { overlay: Overlay; plan: PlanView | undefined }) {
  const saving = useSaving();
  return (
    <li class="overlay">
      <p>{overlayText(overlay, plan)}</p>
      <button
        type="button"
        disabled={saving.isBusy || !isLive.value}
        onClick={() => saving.run(() => api.removeOverlay(overlay.id), reload)}
      >
        {say('overlay.end')}
      </button>
      <Problems of={saving.problems} />
    </li>
  );
}

function reload(): void {
  for (const resource of [plans, overlays, preview]) void resource.refresh();
}

function Pause() {
  const [hours, setHours] = useState('12');
  const saving = useSaving();
  const pause = () => {
    const untilMs = Math.round((nowMs.value ?? 0) + Number(hours) * HOUR_MS);
    saving.run(() => api.addOverlay({ kind: 'pause', untilMs, note: '' }), reload);
  };
  return (
    <div class="pause">
      <label for="pause-hours">{say('pause.label')}</label>
      <select
        id="pause-hours"
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
      >
        {PAUSES_HOURS.map((one) => (
          <option key={one} value={one}>
            {say('pause.hours', { hours: one })}
          </option>
        ))}
      </select>
      <button
        type="button"
        disabled={saving.isBusy || !isLive.value || nowMs.value === null}
        onClick={pause}
      >
        {say('pause.button')}
      </button>
      <Problems of={saving.problems} />
    </div>
  );
}

function SkipNext() {
  const saving = useSaving();
  const next = status.value?.next ?? null;
  return (
    <div class="skip-next">
      <p>
        {next === null
          ? say('next.none')
          : say('skip.next', { meal: next.mealName, time: timeText(next.dueAtMs, zone.value) })}
      </p>
      <button
        type="button"
        disabled={saving.isBusy || next === null || !isLive.value}
        onClick={() => saving.run(() => api.skipNext(), reload)}
      >
        {say('skip.button')}
      </button>
      <Problems of={saving.problems} />
    </div>
  );
}

function byTime(a: Meal, b: Meal): number {
  return (minuteOfDay(a.time) ?? 1440) - (minuteOfDay(b.time) ?? 1440);
}

function Meals({ plan }: { plan: PlanView | undefined }) {
  const meals = [...(plan?.meals ?? [])].sort(byTime);
  const total = meals.filter((meal) => meal.enabled).reduce((sum, m) => sum + m.portionGrams, 0);
  return (
    <section class="meals" aria-labelledby="meals-title">
      <div class="section-head">
        <h2 id="meals-title">
          {plan?.name ?? say('plan.meals')}
          {meals.length > 0 && (
            <span class="soft"> {say('plan.total', { grams: portionText(total) })}</span>
          )}
        </h2>
        <button
          type="button"
          class="primary"
          onClick={() => {
            open.value = 'new';
          }}
        >
          {say('meal.add')}
        </button>
      </div>
      {meals.length === 0 ? (
        <p class="empty">{say('plan.empty')}</p>
      ) : (
        <>
          <DayRuler meals={meals} />
          <ol class="meal-list">
            {meals.map((meal) => (
              <MealRow key={meal.id} meal={meal} />
            ))}
          </ol>
        </>
      )}
    </section>
  );
}

/** The meals of the active plan, what changes it for a while, and what it will do. */
export function PlanPage() {
  useEffect(() => {
    for (const resource of [plans, overlays, preview, pets, settings]) resource.ensure();
  }, []);
  const all = plans.value.value;
  const plan = all?.find((one) => one.active) ?? all?.[0];
  const now = open.value;
  return (
    <>
      <Heading>{say('plan.title')}</Heading>
      <div class="plan">
        {all !== null && <Meals plan={plan} />}
        <section class="exceptions" aria-labelledby="exceptions-title">
          <h2 id="exceptions-title">{say('overlay.title')}</h2>
          <SkipNext />
          <Pause />
          <ul class="overlays">
            {(overlays.value.value ?? []).map((overlay) => (
              <OverlayRow key={overlay.id} overlay={overlay} plan={plan} />
            ))}
          </ul>
        </section>
        <PreviewList />
      </div>
      {now !== 'none' && (
        <MealForm
          meal={now === 'new' ? null : now}
          onClose={() => {
            open.value = 'none';
            reload();
          }}
        />
      )}
      <p class="visually-hidden" role="status">
        {all === null ? say('home.waiting') : sayCode('plan', 'ready')}
      </p>
    </>
  );
}
