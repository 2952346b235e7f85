import type { Meal, Overlay, PlanView, Preview } from '@cat-feeder/shared';
import { type Command, numberOf, required, UsageError } from '../command.ts';
import { gramsText, occurrenceText, tableText } from '../text.ts';

const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The plan and what will come of it. */
export const planCommands: readonly Command[] = [
  {
    name: 'plan',
    alias: 'plan list',
    usage: '',
    summary: 'List the plans and their meals.',
    words: [0, 0],
    run: async ({ api }) => {
      const plans = await api.get<{ items: PlanView[] }>('/plans');
      return { data: plans, text: plansText(plans.items) };
    },
  },
  {
    name: 'plan add',
    usage: '--time HH:MM --grams G [--days 1,2,...] [--name NAME]',
    summary: 'Add a meal to the active plan. Days: 1 is Monday; all without --days.',
    options: ['time', 'grams', 'days', 'name'],
    words: [0, 0],
    run: async (input) => {
      const name = input.option('name');
      const days = input.option('days');
      const meal = await input.api.post<Meal>('/meals', {
        time: required(input, 'time'),
        portionGrams: numberOf(required(input, 'grams'), '--grams'),
        ...(name === undefined ? {} : { name }),
        ...(days === undefined ? {} : { weekdays: weekdaysOf(days) }),
      });
      return { data: meal, text: `Added ${mealRow(meal).join('  ').trim()}` };
    },
  },
  {
    name: 'plan remove',
    usage: 'MEAL-ID',
    summary: 'Remove a meal from its plan.',
    words: [1, 1],
    run: async ({ api, words }) => {
      const data = await api.remove(`/meals/${encodeURIComponent(words[0] ?? '')}`);
      return { data, text: 'Removed.' };
    },
  },
  {
    name: 'skip-next',
    usage: '',
    summary: 'Leave out the next meal.',
    words: [0, 0],
    run: async ({ api }) => {
      const overlay = await api.post<Overlay>('/plan/skip-next');
      const what = overlay.kind === 'skip' ? ` of ${overlay.date}` : '';
      return { data: overlay, text: `The next meal${what} is left out (${overlay.id}).` };
    },
  },
  {
    name: 'preview',
    usage: '[--days N]',
    summary: 'What the plan will do over the next days (7).',
    options: ['days'],
    words: [0, 0],
    run: async ({ api, option }) => {
      const days = option('days');
      const query = days === undefined ? '' : `?days=${numberOf(days, '--days')}`;
      const preview = await api.get<Preview>(`/preview${query}`);
      return { data: preview, text: previewText(preview) };
    },
  },
];

function weekdaysOf(text: string): number[] {
  if (!/^[1-7](,[1-7])*$/.test(text)) {
    throw new UsageError(`--days must be like 1,3,5 (1 is Monday), not '${text}'`);
  }
  return text.split(',').map(Number);
}

function plansText(plans: readonly PlanView[]): string {
  if (plans.length === 0)
    return 'There is no plan. Add a meal: feeder plan add --time 07:30 --grams 15';
  return plans
    .map((plan) => {
      const title = `${plan.name}${plan.active ? ' (active)' : ''}  ${plan.id}`;
      const meals = plan.meals.map((meal) => mealRow(meal));
      return meals.length === 0 ? `${title}\n  no meals` : `${title}\n${tableText(meals)}`;
    })
    .join('\n\n');
}

function mealRow(meal: Meal): string[] {
  const { time } = meal;
  const when =
    typeof time === 'string'
      ? time
      : `${time.sun} ${time.offsetMinutes >= 0 ? '+' : ''}${time.offsetMinutes} min`;
  const days =
    meal.weekdays.length === 7 ? 'daily' : meal.weekdays.map((day) => dayNames[day - 1]).join(' ');
  const state = meal.enabled ? '' : 'off';
  return [`  ${when}`, gramsText(meal.portionGrams), meal.name, days, meal.id, state];
}

const effectWords = { skipped: 'left out once', paused: 'paused', past: 'its time has passed' };

/** What is not going to be served is said so, and not as a portion of 0 g. */
function previewMealText(meal: Preview['days'][number]['occurrences'][number]): string {
  const { effect } = meal;
  if (effect === 'none') return occurrenceText(meal);
  if (effect === 'vacation') return `${occurrenceText(meal)} (vacation)`;
  return `${meal.localDate} ${meal.localTime}  ${meal.mealName}: ${effectWords[effect]}`;
}

function previewText(preview: Preview): string {
  const lines = preview.days.flatMap((day) => {
    const kcal = day.totalKcal === null ? '' : `, ${Math.round(day.totalKcal)} kcal`;
    const shift =
      day.clockShiftMinutes === 0 ? '' : `, the clock shifts by ${day.clockShiftMinutes} min`;
    const head = `${day.localDate}  ${gramsText(day.totalGrams)}${kcal}${shift}`;
    return [head, ...day.occurrences.map((meal) => `  ${previewMealText(meal)}`)];
  });
  const empty = preview.hopperEmptyOn;
  if (empty !== null) lines.push(`The hopper runs out on ${empty}.`);
  return lines.join('\n');
}
