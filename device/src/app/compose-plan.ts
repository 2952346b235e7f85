import type { Kibble, Pet, RationToday, Settings } from '@cat-feeder/shared';
import type { PetRegisterPort, SchedulePort } from '../api/deps.ts';
import type { FeedingJournal } from '../feeding/feeding-journal.ts';
import { PetRegister } from '../pets/pet-register.ts';
import { petDays } from '../pets/rations.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Single } from '../platform/collection.ts';
import { addDays } from '../scheduling/calendar.ts';
import { dayStartMs, localDateOf } from '../scheduling/local-time.ts';
import { plannedOn } from '../scheduling/occurrences.ts';
import { PlanBook } from '../scheduling/plan-book.ts';
import { previewSchedule } from '../scheduling/preview.ts';
import type { Scheduler } from '../scheduling/scheduler.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { DeviceParts } from './device-parts.ts';

/** Plan, pets and settings as people see and edit them. */
export function composePlan(
  parts: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly scheduler: Scheduler;
    readonly journal: FeedingJournal;
    readonly kibble: () => Kibble | null;
  },
) {
  const { store, time, scheduler } = joined;
  const localDateOfNow = (wallMs: number) => localDateOf(store.settings.get().zone, wallMs);
  const book = new PlanBook({
    plans: store.plans,
    meals: store.meals,
    overlays: store.overlays,
    settings: store.settings,
    time,
    schedule: scheduler,
    hasPet: (petId) => store.pets.get(petId) !== undefined,
    hasKibble: (kibbleId) => store.kibbles.get(kibbleId) !== undefined,
  });
  const settings: Single<Settings> = {
    get: () => store.settings.get(),
    change: (patch, expectedRev) => book.changeSettings(patch, expectedRev),
  };
  const schedule: SchedulePort = {
    next: () => scheduler.next(),
    occurrences: (fromDate, toDate) => scheduler.occurrencesOn(fromDate, toDate),
    occurrence: (key) => {
      const date = key.slice(key.lastIndexOf('@') + 1);
      return scheduler.occurrencesOn(date, date).find((occurrence) => occurrence.key === key);
    },
    preview: (days) =>
      previewSchedule({
        view: book.view(),
        fromMs: time.now().wallMs,
        days,
        kcalPer100g: joined.kibble()?.kcalPer100g ?? null,
        hopperGrams: parts.station.health().hopperGrams,
      }),
    localDate: () => localDateOfNow(time.now().wallMs),
  };
  const plannedGramsOn = (localDate: string): number =>
    plannedOn(book.view(), localDate)
      .filter((planned) => planned.leftOut === null)
      .reduce((sum, planned) => sum + planned.occurrence.portionGrams, 0);
  return {
    book,
    settings,
    schedule,
    pets: petPort(joined, localDateOfNow),
    localDateOf: localDateOfNow,
    plannedGramsOn,
  };
}

function petPort(
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly journal: FeedingJournal;
    readonly kibble: () => Kibble | null;
  },
  localDateOfNow: (wallMs: number) => string,
): PetRegisterPort {
  const { store, time, journal } = joined;
  const register = new PetRegister({
    pets: store.pets,
    mealsFor: (petId) => store.meals.list().filter((meal) => meal.petId === petId).length,
  });
  const today = (pet: Pet): RationToday => {
    const now = time.now();
    const { zone } = store.settings.get();
    const localDate = localDateOfNow(now.wallMs);
    const day = {
      startMs: dayStartMs(zone, localDate),
      endMs: dayStartMs(zone, addDays(localDate, 1)),
    };
    const doses = journal.doses(now).map(({ petId, rationGrams, at }) => ({
      petId,
      rationGrams,
      wallMs: at.wallMs,
    }));
    const kcalPer100g = joined.kibble()?.kcalPer100g ?? null;
    const [figures] = petDays({ pets: [pet], doses, day, kcalPer100g });
    return {
      localDate,
      servedGrams: figures?.servedGrams ?? 0,
      rationGrams: pet.rationGrams,
      remainingGrams: figures?.remainingGrams ?? null,
      servedKcal: figures?.servedKcal ?? null,
      needKcal: figures?.needKcal ?? null,
    };
  };
  return {
    list: () => register.list(),
    get: (id) => store.pets.get(id),
    add: (input) => register.add(input),
    change: (id, patch, expectedRev) => register.change(id, patch, expectedRev),
    remove: (id) => register.retire(id),
    today: (id) => today(register.get(id)),
  };
}
