import { signal } from '@preact/signals';
import { isUnderWay } from '../feed-press.ts';
import { countdownText, portionText, timeText } from '../format.ts';
import { say } from '../messages/say.ts';
import type { PortionBounds } from '../portion-entry.ts';
import { readPortion } from '../portion-entry.ts';
import {
  isLive,
  nowMs,
  pets,
  press,
  pressFeed,
  running,
  settings,
  status,
  zone,
} from '../state.ts';
import { GramsStepper } from './grams-stepper.tsx';
import { PressOutcome } from './press-outcome.tsx';
import { RunningFeeding } from './running-feeding.tsx';

const typed = signal('10');
const petId = signal('');
/** Before the settings are read: what no feeder would refuse. */
const FEEDING_GRAMS_MAX_GUESS = 20;

/** The next meal and how long until then, by the feeder's own clock. */
export function NextMeal() {
  const next = status.value?.next ?? null;
  if (status.value === null) return null;
  if (next === null) {
    return (
      <div class="next">
        <h2 class="eyebrow">{say('next.title')}</h2>
        <p class="next-none">{say('next.none')}</p>
        <p>
          <a href="#/plan">{say('next.makePlan')}</a>
        </p>
      </div>
    );
  }
  const leftMs = nowMs.value === null ? null : next.dueAtMs - nowMs.value;
  return (
    <div class="next">
      <h2 class="eyebrow">{say('next.title')}</h2>
      <p class="next-countdown">
        {leftMs === null || leftMs <= 0 ? say('next.due') : countdownText(leftMs)}
      </p>
      <p>
        {next.mealName}, {say('unit.grams', { grams: portionText(next.portionGrams) })},{' '}
        {say('next.at', { time: timeText(next.dueAtMs, zone.value) })}
      </p>
    </div>
  );
}

function bounds(): PortionBounds {
  const perFeeding = settings.value.value?.feedingGramsMax ?? FEEDING_GRAMS_MAX_GUESS;
  const left = status.value?.today.remainingCapGrams ?? perFeeding;
  return { minGrams: 1, maxGrams: Math.max(0, Math.floor(Math.min(perFeeding, left))) };
}

/** Why the button cannot be pressed now, or nothing. */
function obstacle(limits: PortionBounds): string | null {
  if (!isLive.value) return say('feed.noLink');
  if (limits.maxGrams < limits.minGrams) return say('feed.capReached');
  return null;
}

function PetChoice() {
  const all = pets.value.value ?? [];
  if (all.length === 0) return null;
  return (
    <div class="feed-for">
      <label for="feed-pet">{say('feed.pet')}</label>
      <select
        id="feed-pet"
        value={petId.value}
        onChange={(event) => {
          petId.value = event.currentTarget.value;
        }}
      >
        <option value="">{say('feed.anyPet')}</option>
        {all.map((pet) => (
          <option key={pet.id} value={pet.id}>
            {pet.name}
          </option>
        ))}
      </select>
    </div>
  );
}

function FeedForm() {
  const limits = bounds();
  const entry = readPortion(typed.value, limits);
  const why = obstacle(limits);
  const isWaiting = isUnderWay(press.value);
  const label =
    entry.kind === 'ok'
      ? say('feed.button', { grams: portionText(entry.portionGrams) })
      : say('feed.buttonPlain');
  return (
    <form
      class="feed-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (entry.kind === 'ok') void pressFeed(entry.portionGrams, petId.value || null);
      }}
    >
      <GramsStepper
        id="feed-grams"
        label={say('feed.grams')}
        isLabelHidden
        value={typed.value}
        bounds={limits}
        disabled={isWaiting}
        onChange={(value) => {
          typed.value = value;
        }}
      />
      <PetChoice />
      <button
        type="submit"
        class="primary"
        disabled={isWaiting || why !== null || entry.kind !== 'ok'}
        aria-describedby="feed-note"
      >
        {isWaiting ? say('feed.sending') : label}
      </button>
      <p id="feed-note" class="soft feed-note">
        {why ?? say('feed.remaining', { grams: portionText(limits.maxGrams) })}
      </p>
    </form>
  );
}

/** Feeding by hand, and the feeding that runs, whoever asked for it. */
export function FeedPanel() {
  const now = running.value;
  return (
    <div class="feed">
      <h2 class="eyebrow">{say(now === null ? 'feed.title' : 'running.title')}</h2>
      <div aria-live="polite" aria-atomic="false">
        <PressOutcome />
      </div>
      {now === null ? <FeedForm /> : <RunningFeeding feeding={now} />}
    </div>
  );
}
