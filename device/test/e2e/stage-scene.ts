import type { Feeding, Occurrence } from '@cat-feeder/shared';
import type { StagedFeeder } from './staged-feeder.ts';

type Verdict = Partial<Occurrence>;

function rise(portionGrams: number, beforeGrams: number): [number, number][] {
  return Array.from({ length: 40 }, (_, i): [number, number] => {
    const share = Math.max(0, Math.min(1, (i - 6) / 24));
    return [i * 200, beforeGrams + portionGrams * share + (i % 3) * 0.05];
  });
}

/** A household with two cats, four meals a day, and a day that went mostly well. */
export function stageOrdinaryDay(feeder: StagedFeeder): void {
  const profile = { bodyKg: 4.2, lifeStage: 'neutered_adult', note: '' } as const;
  const mimi = feeder.pets.add({ ...profile, name: 'Mimi', rationGrams: 62 });
  const kater = { bodyKg: 5.6, lifeStage: 'weight_loss', note: 'Steals. Eats fast.' } as const;
  const karlo = feeder.pets.add({ ...kater, name: 'Karlo', rationGrams: 58 });
  feeder.kibbles.add({
    name: 'Chicken, small',
    kcalPer100g: 385,
    model: {
      gramsPerTurn: 5.2,
      gramsPerTurnSd: 0.4,
      inFlightGrams: 0.9,
      inFlightGramsSd: 0.2,
      kibbleGrams: 0.21,
      samples: 14,
    },
    calibratedAtMs: feeder.wallMs() - 86_400_000,
  });
  feeder.settings = { ...feeder.settings, activeKibbleId: feeder.kibbles.list()[0]?.id ?? null };
  const meals = [
    feeder.addMeal('Breakfast', '07:00', 18, mimi.id),
    feeder.addMeal('Second breakfast', '09:30', 12, karlo.id),
    feeder.addMeal('Lunch', '13:00', 16, mimi.id),
    feeder.addMeal('Dinner', '17:30', 18, karlo.id),
    feeder.addMeal('Night snack', '22:15', 8),
  ];
  const verdicts: Verdict[] = [
    { verdict: 'fed', servedGrams: 18.2, why: 'Served at 07:00:04, on time, weighed.' },
    {
      verdict: 'fed_late',
      servedGrams: 11.9,
      why: 'The feeder was without power from 09:12 to 09:51. It was 21 min late, within the grace of 120 min, and 189 min before the next meal: served in full.',
    },
    {
      verdict: 'short',
      servedGrams: 11.4,
      why: 'A jam was freed on the second attempt, then food ran slowly. 11.4 of 16 g were weighed.',
    },
  ];
  verdicts.forEach((verdict, index) => {
    const occurrence = feeder.today()[index];
    const meal = meals[index];
    if (occurrence === undefined || meal === undefined) return;
    const feeding = recordFeeding(feeder, meal, { verdict, dueAtMs: occurrence.dueAtMs });
    feeder.verdicts.set(occurrence.key, { ...verdict, state: 'closed', feedingId: feeding.id });
  });
}

function recordFeeding(
  feeder: StagedFeeder,
  meal: { portionGrams: number; petId: string | null },
  told: { verdict: Verdict; dueAtMs: number },
): Feeding {
  const likelyGrams = told.verdict.servedGrams ?? 0;
  const id = feeder.newId()();
  const feeding: Feeding = {
    id,
    requestId: id,
    cause: 'schedule',
    occurrenceKey: null,
    petId: meal.petId,
    kibbleId: null,
    portionGrams: meal.portionGrams,
    state: 'done',
    stage: 'done',
    result: told.verdict.verdict === 'short' ? 'short' : 'served',
    fault: null,
    refusal: null,
    dose: {
      lowGrams: likelyGrams - 0.3,
      likelyGrams,
      highGrams: likelyGrams + 0.4,
      method: 'measured',
    },
    bowlBeforeGrams: 2,
    bowlAfterGrams: 2 + likelyGrams,
    turns: 4,
    attempts: 0,
    motorMs: 5200,
    startedAtMs: told.dueAtMs + 4_000,
    endedAtMs: told.dueAtMs + 14_000,
    clockQuality: 'synchronized',
    why: told.verdict.why ?? '',
  };
  feeder.feedings.unshift(feeding);
  feeder.traces.set(id, rise(likelyGrams, 2));
  return feeding;
}
