import type { Meal } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { weekdayText } from '../format.ts';
import { bodyOf, draftOf, type MealDraft, newMealDraft, toggleWeekday } from '../meal-draft.ts';
import { say, sayCode } from '../messages/say.ts';
import { readPortion } from '../portion-entry.ts';
import { pets, settings } from '../state.ts';
import { Dialog } from './dialog.tsx';
import { GramsStepper } from './grams-stepper.tsx';
import { Field, NAME_UNITS_MAX, Problems, useSaving } from './save-form.tsx';

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const POLICIES = ['catch_up_one', 'skip', 'ask'] as const;
/** Before the settings are read: what no feeder would refuse. */
const FEEDING_GRAMS_MAX_GUESS = 80;

type Change = (change: Partial<MealDraft>) => void;

function TimeFields({ draft, change }: { draft: MealDraft; change: Change }) {
  const hasPlace = settings.value.value?.location != null;
  return (
    <div class="field-row">
      {(hasPlace || draft.timeKind !== 'clock') && (
        <Field id="meal-kind" label={say('meal.when')}>
          <select
            id="meal-kind"
            value={draft.timeKind}
            onChange={(event) =>
              change({ timeKind: event.currentTarget.value as MealDraft['timeKind'] })
            }
          >
            <option value="clock">{say('meal.kind.clock')}</option>
            <option value="sunrise">{say('meal.kind.sunrise')}</option>
            <option value="sunset">{say('meal.kind.sunset')}</option>
          </select>
        </Field>
      )}
      {draft.timeKind === 'clock' ? (
        <Field id="meal-time" label={say('meal.time')}>
          <input
            id="meal-time"
            type="time"
            required
            value={draft.clockTime}
            onInput={(event) => change({ clockTime: event.currentTarget.value })}
          />
        </Field>
      ) : (
        <Field id="meal-offset" label={say('meal.offset')}>
          <input
            id="meal-offset"
            type="number"
            min={-240}
            max={240}
            step={1}
            value={draft.offsetMinutes}
            onInput={(event) => change({ offsetMinutes: event.currentTarget.value })}
          />
        </Field>
      )}
    </div>
  );
}

function WeekdayFields({ draft, change }: { draft: MealDraft; change: Change }) {
  return (
    <fieldset class="field weekdays">
      <legend>{say('meal.weekdays')}</legend>
      <div class="weekday-row">
        {WEEKDAYS.map((day) => (
          <label key={day} class="weekday">
            <input
              type="checkbox"
              checked={draft.weekdays.includes(day)}
              onChange={() => change({ weekdays: toggleWeekday(draft.weekdays, day) })}
            />
            <span aria-hidden="true">{weekdayText(day)}</span>
            <span class="visually-hidden">{weekdayText(day, 'long')}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function ChoiceFields({ draft, change }: { draft: MealDraft; change: Change }) {
  const all = pets.value.value ?? [];
  return (
    <>
      {all.length > 0 && (
        <Field id="meal-pet" label={say('meal.pet')}>
          <select
            id="meal-pet"
            value={draft.petId}
            onChange={(event) => change({ petId: event.currentTarget.value })}
          >
            <option value="">{say('feed.anyPet')}</option>
            {all.map((pet) => (
              <option key={pet.id} value={pet.id}>
                {pet.name}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field id="meal-policy" label={say('meal.policy')} note={say('meal.policyNote')}>
        <select
          id="meal-policy"
          aria-describedby="meal-policy-note"
          value={draft.missedPolicy}
          onChange={(event) =>
            change({ missedPolicy: event.currentTarget.value as MealDraft['missedPolicy'] })
          }
        >
          {POLICIES.map((policy) => (
            <option key={policy} value={policy}>
              {sayCode('policy', policy)}
            </option>
          ))}
        </select>
      </Field>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.enabled}
          onChange={(event) => change({ enabled: event.currentTarget.checked })}
        />
        <span>{say('meal.enabled')}</span>
      </label>
    </>
  );
}

interface MealFormProps {
  /** The meal to change; null for a new one. */
  readonly meal: Meal | null;
  readonly onClose: () => void;
}

/** Adds or changes a meal. It closes only after the feeder has stored it. */
export function MealForm({ meal, onClose }: MealFormProps) {
  const [draft, setDraft] = useState<MealDraft>(meal === null ? newMealDraft : draftOf(meal));
  const saving = useSaving();
  const change: Change = (part) => setDraft((now) => ({ ...now, ...part }));
  const maxGrams = settings.value.value?.feedingGramsMax ?? FEEDING_GRAMS_MAX_GUESS;
  const limits = { minGrams: 1, maxGrams };
  const portion = readPortion(draft.grams, limits);
  const save = () => {
    if (portion.kind !== 'ok') return;
    const body = bodyOf(draft, portion.portionGrams);
    saving.run(
      () =>
        meal === null
          ? api.addMeal(body)
          : api.changeMeal(meal.id, { ...body, expectedRev: meal.rev }),
      onClose,
    );
  };
  return (
    <Dialog title={say(meal === null ? 'meal.addTitle' : 'meal.editTitle')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field id="meal-name" label={say('meal.name')}>
          <input
            id="meal-name"
            type="text"
            maxLength={NAME_UNITS_MAX}
            autocomplete="off"
            placeholder={say('meal.namePlaceholder')}
            value={draft.name}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </Field>
        <TimeFields draft={draft} change={change} />
        <GramsStepper
          id="meal-grams"
          label={say('meal.grams')}
          value={draft.grams}
          bounds={limits}
          onChange={(grams) => change({ grams })}
        />
        <WeekdayFields draft={draft} change={change} />
        <ChoiceFields draft={draft} change={change} />
        <Problems of={saving.problems} />
        <div class="dialog-foot">
          {meal !== null && (
            <RemoveButton onRemove={() => api.removeMeal(meal.id)} onDone={onClose} />
          )}
          <button
            type="submit"
            class="primary"
            disabled={saving.isBusy || portion.kind !== 'ok' || draft.weekdays.length === 0}
          >
            {say(saving.isBusy ? 'action.saving' : 'action.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface RemoveButtonProps {
  readonly onRemove: () => Promise<unknown>;
  readonly onDone: () => void;
}

/** Removes after a second press, and says what the feeder has against it. */
export function RemoveButton({ onRemove, onDone }: RemoveButtonProps) {
  const [isAsked, setAsked] = useState(false);
  const saving = useSaving();
  return (
    <div class="remove">
      <button
        type="button"
        class="danger"
        disabled={saving.isBusy}
        onClick={() => {
          if (isAsked) saving.run(onRemove, onDone);
          else setAsked(true);
        }}
      >
        {say(isAsked ? 'action.removeReally' : 'action.remove')}
      </button>
      <Problems of={saving.problems} />
    </div>
  );
}
