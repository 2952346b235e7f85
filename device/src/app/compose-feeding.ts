import { makeUlid, minuteOfDay } from '@cat-feeder/shared';
import { faultView } from '../api/status-view.ts';
import { deviates, guessModel, learn } from '../dispensing/kibble-model.ts';
import { type CrashRecoveryParts, modelOf } from '../feeding/crash-recovery.ts';
import { OVERSHOOT_GRAMS_MIN } from '../feeding/fault-effects.ts';
import { FaultLatch } from '../feeding/fault-latch.ts';
import { checkFeed } from '../feeding/feed-checks.ts';
import type { FeedServiceParts } from '../feeding/feed-parts.ts';
import { FeedService } from '../feeding/feed-service.ts';
import type { FeedingJournal } from '../feeding/feeding-journal.ts';
import { FirstReading } from '../feeding/first-reading.ts';
import { HopperScale } from '../feeding/hopper-scale.ts';
import type { Interlocks } from '../feeding/interlocks.ts';
import { KibbleCalibration } from '../feeding/kibble-calibration.ts';
import { KibbleDoubt } from '../feeding/kibble-doubt.ts';
import { MemoryOnly, mayHaveServed } from '../feeding/memory-only.ts';
import { ScaleService } from '../feeding/scale-service.ts';
import { UnwrittenOutcomes } from '../feeding/unwritten-outcomes.ts';
import type { PowerStamp, StationClock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import { localDateOf, localTimeOf } from '../scheduling/local-time.ts';
import { SqliteFaultStore } from '../storage/fault-store.ts';
import type { DeviceStore } from '../storage/store.ts';
import { closeAfterCrash } from './crash-evidence.ts';
import type { DeviceParts } from './device-parts.ts';
import { FeedDoorway } from './feed-doorway.ts';
import { largestPortionGrams, planDayGrams } from './plan-figures.ts';

/** The feeding rules with everything they need. */
export function composeFeeding(
  parts: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly live: LiveEvents;
    readonly interlocks: Interlocks;
    readonly onFeedingEnded: () => void;
    /** The food in the hopper flows otherwise than the model of this kibble says. */
    readonly onKibbleDoubted: (kibbleId: string | null) => void;
  },
) {
  const { store, time, live } = joined;
  const { station, clock, logger, traits, randomBytes } = parts;
  const journal: FeedingJournal = parts.rules?.wrapJournal?.(store.journal) ?? store.journal;
  const settings = () => store.settings.get();
  const kibble = () => {
    const { activeKibbleId } = settings();
    return activeKibbleId === null ? null : (store.kibbles.get(activeKibbleId) ?? null);
  };
  const guess = () => store.unnamedKibble.get().model ?? guessModel(traits);
  const newId = (wallMs: number) => makeUlid(wallMs, randomBytes);
  const localDate = (wallMs: number) => localDateOf(settings().zone, wallMs);
  const planGrams = () => planDayGrams(settings(), store.meals.list());
  const faults = new FaultLatch({
    store: new SqliteFaultStore(store),
    clock,
    logger,
    onChange: () => live.publish('faults', { items: faults.active().map(faultView) }),
  });
  const unwritten = new UnwrittenOutcomes({ journal, clock, logger });
  const memoryOnly = new MemoryOnly(time.now(), () => store.writesTaken());
  const powerUp = parts.timeSource.powerUp?.() ?? null;
  const began = powerUp === null ? null : { powerUp, monoMs: memoryOnly.startedAtMonoMs };
  const feeding = new FeedService({
    station,
    journal,
    faults,
    interlocks: joined.interlocks,
    unwritten,
    memoryOnly,
    time,
    settings,
    kibble,
    guess,
    makersGuess: guessModel(traits),
    learn: learner(() => kibble()?.id ?? null, joined.onKibbleDoubted),
    rationOf: (petId) => {
      const pet = store.pets.get(petId);
      return pet === undefined ? undefined : pet.rationGrams;
    },
    planDayGrams: planGrams,
    localTime: (wallMs) => ({
      date: localDate(wallMs),
      minute: minuteOfDay(localTimeOf(settings().zone, wallMs)),
    }),
    newId,
    onFeeding: (changed) => {
      live.publish('feeding', changed);
      if (changed.state === 'done') joined.onFeedingEnded();
    },
    onProgress: (progress) => live.publish('progress', progress),
    check: parts.rules?.check ?? checkFeed,
    onFatal: parts.onFatal,
    logger,
  });
  const recovery = composeRecovery(parts, {
    journal,
    unwritten,
    time,
    model: () => modelOf(kibble(), guess()),
  });
  const scales = composeScales(parts, { store, time, demandIdle: () => feeding.demandIdle() });
  const doors = composeDoors(parts, { store, time, live, feeding, newId });
  return {
    feeding,
    faults,
    unwritten,
    recovery,
    ...scales,
    ...doors,
    kibble,
    journal,
    began,
    assumeOneBefore: () => assumeOneBefore(store, { unwritten, memoryOnly, began }),
  };
}

/** The ways to the dispenser that wait for the first word of the scale. */
function composeDoors(
  { station, clock, logger }: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly live: LiveEvents;
    readonly feeding: FeedService;
    readonly newId: (wallMs: number) => string;
  },
) {
  const { store, time, live, feeding, newId } = joined;
  const firstReading = new FirstReading({ bowl: () => station.health().bowl, clock });
  const kibbleCalibration = new KibbleCalibration({
    kibbles: store.kibbles,
    activeKibbleId: () => store.settings.get().activeKibbleId,
    feed: async (portion) => {
      const stopsBefore = feeding.stops();
      await firstReading.known();
      return feeding.feedForCalibration({ ...portion, stopsBefore });
    },
    demandIdle: () => feeding.demandIdle(),
    newId,
    time,
    logger,
    onChange: (job) => live.publish('calibration', job),
  });
  const door = new FeedDoorway({ feeding, scale: firstReading });
  return { firstReading, door, kibbleCalibration };
}

/** The disk refused to note this start: a portion from memory may have come before it. */
function assumeOneBefore(
  { meals, overlays, boots }: DeviceStore,
  joined: {
    readonly unwritten: UnwrittenOutcomes;
    readonly memoryOnly: MemoryOnly;
    readonly began: PowerStamp | null;
  },
): void {
  const { unwritten, memoryOnly, began } = joined;
  if (!mayHaveServed(boots.read().began ?? null, began)) return;
  const portionGrams = largestPortionGrams(meals.list(), overlays.list());
  if (portionGrams === 0) return;
  unwritten.assume(memoryOnly.assumeOneBefore(portionGrams + OVERSHOOT_GRAMS_MIN));
}

/** What closes feedings that a crash left open. */
function composeRecovery(
  { rules, station, logger }: DeviceParts,
  joined: Pick<CrashRecoveryParts, 'journal' | 'unwritten' | 'time' | 'model'>,
): CrashRecoveryParts {
  const { time } = joined;
  return {
    ...joined,
    station,
    closeAfterCrash: rules?.closeAfterCrash ?? closeAfterCrash({ time }),
    logger,
  };
}

/** The bowl's scale, and the cell under the hopper. */
function composeScales(
  { station, traits }: DeviceParts,
  joined: {
    readonly store: DeviceStore;
    readonly time: StationClock;
    readonly demandIdle: () => void;
  },
) {
  const { store, time, demandIdle } = joined;
  const shared = { station, time, demandIdle };
  const { calibration, hopperCalibration } = store;
  const { ratedGrams, hasHopperCell, nominalHopperCountsPerGram = null } = traits;
  return {
    scale: new ScaleService({ ...shared, calibration, ratedGrams }),
    hopper: new HopperScale({
      ...shared,
      calibration: hopperCalibration,
      nominalCountsPerGram: hasHopperCell ? nominalHopperCountsPerGram : null,
    }),
  };
}

/** Learns from each feeding, and tells when the food seems to be another one. */
function learner(
  kibbleId: () => string | null,
  tellDoubt: (kibbleId: string | null) => void,
): FeedServiceParts['learn'] {
  const doubt = new KibbleDoubt();
  return (model, { observation }) => {
    if (observation === null) return null;
    if (doubt.saw(kibbleId(), deviates(model, observation))) tellDoubt(kibbleId());
    return learn(model, observation);
  };
}
