import type { Occurrence } from '@cat-feeder/shared';
import { dayText, dueText, gramsText, portionText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { minuteMs, occurrences, pets, zone } from '../state.ts';
import { useWhy } from './why.tsx';

/** How a verdict or a state is coloured; the word stands beside it always. */
export function chipTone(occurrence: Occurrence): 'good' | 'warn' | 'bad' | 'calm' | 'active' {
  if (occurrence.state === 'feeding') return 'active';
  switch (occurrence.verdict) {
    case null:
    case 'skipped':
      return 'calm';
    case 'fed':
      return 'good';
    case 'fed_late':
    case 'fed_reduced':
    case 'short':
      return 'warn';
    case 'missed':
    case 'blocked':
    case 'failed':
    case 'unknown_after_crash':
      return 'bad';
  }
}

/** The verdict of an occurrence, or where it stands. */
export function VerdictChip({ occurrence }: { occurrence: Occurrence }) {
  const text =
    occurrence.verdict === null
      ? sayCode('occurrence', occurrence.state)
      : sayCode('verdict', occurrence.verdict);
  return <span class={`chip chip-${chipTone(occurrence)}`}>{text}</span>;
}

function OccurrenceRow({ occurrence }: { occurrence: Occurrence }) {
  const pet = (pets.value.value ?? []).find((one) => one.id === occurrence.petId);
  const asked = portionText(occurrence.portionGrams);
  const why = useWhy(occurrence.why, occurrence.mealName);
  const grams =
    occurrence.servedGrams === null
      ? say('unit.grams', { grams: asked })
      : say('today.servedOf', { grams: gramsText(occurrence.servedGrams), asked });
  return (
    <li class={`slot slot-${chipTone(occurrence)}`}>
      <time class="slot-time">{dueText(occurrence, zone.value)}</time>
      <div class="slot-body">
        <p class="slot-name">{occurrence.mealName}</p>
        <p class="slot-grams">
          {grams}
          {pet !== undefined && <span class="soft"> {say('today.for', { pet: pet.name })}</span>}
        </p>
        <VerdictChip occurrence={occurrence} />
        {occurrence.why !== '' && why.button}
        {why.sentence}
      </div>
    </li>
  );
}

/** Today's meals in order of time, each with its verdict and the sentence behind it. */
export function TodayList() {
  const items = occurrences.value.value;
  return (
    <section class="today" aria-labelledby="today-title">
      <h2 id="today-title">
        {say('today.title')}
        {minuteMs.value !== null && (
          <span class="soft"> {dayText(minuteMs.value, zone.value)}</span>
        )}
      </h2>
      {items !== null && items.length === 0 && (
        <p class="empty">
          {say('today.none')} <a href="#/plan">{say('next.makePlan')}</a>
        </p>
      )}
      <ol class="slots">
        {items?.map((one) => (
          <OccurrenceRow key={one.key} occurrence={one} />
        ))}
      </ol>
    </section>
  );
}
