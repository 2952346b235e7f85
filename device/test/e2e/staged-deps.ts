import { FeederError, type MealInput } from '@cat-feeder/shared';
import type { ApiDeps } from '../../src/api/deps.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { localDateOf } from '../../src/scheduling/local-time.ts';
import { previewSchedule } from '../../src/scheduling/preview.ts';
import { calmHealth } from '../support/calm-health.ts';
import { onePiece } from '../support/one-piece.ts';
import type { StagedFeeder } from './staged-feeder.ts';

/** The parts that the API asks, answered by a staged feeder. */
export function stagedDeps(stage: StagedFeeder): ApiDeps {
  const date = () => localDateOf(stage.settings.zone, stage.wallMs());
  const calibration = () => ({
    zeroCounts: 8210,
    countsPerGram: 420,
    noiseGrams: 0.1,
    taredAtMs: stage.wallMs() - 3_000_000,
    spannedAtMs: null,
  });
  const next = () =>
    stage.today().find((one) => one.dueAtMs > stage.wallMs() && one.verdict === null) ?? null;
  return {
    identity: {
      version: '0.1.0',
      board: 'simulated',
      simulated: stage.simulated,
      startedMonoMs: stage.startMonoMs - 7_380_000,
    },
    clock: stage.clock,
    time: {
      now: () => ({
        wallMs: stage.wallMs(),
        monoMs: stage.clock.monoMs(),
        ageMs: stage.clock.monoMs(),
        bootId: 'stage',
        quality: stage.clockQuality,
      }),
    },
    log: silentLogger,
    live: stage.live,
    station: {
      health: () => ({
        ...calmHealth,
        bowl: stage.bowl,
        hopperGrams: stage.hopperGrams,
        hopperState: stage.hopperState,
        motorOn: stage.running !== null,
      }),
    },
    feeding: {
      feed: async ({ portionGrams, requestId }) => {
        const known = stage.feedings.find((one) => one.requestId === requestId);
        if (known !== undefined) return { feeding: known, created: false };
        if (portionGrams > 60) {
          throw new FeederError('ERR_LIMIT_REACHED', {
            details: [{ path: 'portionGrams', message: 'The hour leaves 60 g.' }],
          });
        }
        return { feeding: stage.feed(portionGrams, requestId), created: true };
      },
      cancel: async (id) => {
        if (stage.running?.id === id) return stage.end('cancelled');
        const known = stage.feedings.find((one) => one.id === id);
        if (known === undefined) throw new FeederError('ERR_NOT_FOUND');
        return known;
      },
      stopAll: async () => {
        stage.stops += 1;
        if (stage.running !== null) stage.end('cancelled');
      },
      running: () => stage.running,
    },
    journal: {
      find: (id) => stage.feedings.find((one) => one.id === id),
      findByRequestId: (id) => stage.feedings.find((one) => one.requestId === id),
      trace: (id) => stage.traces.get(id) ?? [],
      list: ({ limit }) => ({
        items: stage.feedings.slice(0, limit),
        total: stage.feedings.length,
        nextCursor: null,
      }),
    },
    faults: {
      active: () => stage.faults,
      clear: (fault) => {
        stage.faults = stage.faults.filter((one) => one.fault !== fault);
      },
    },
    today: () => {
      const servedGrams = stage.servedToday(null);
      const plannedGrams = stage.today().reduce((sum, one) => sum + one.portionGrams, 0);
      return {
        localDate: date(),
        plannedGrams,
        servedGrams,
        lowGrams: servedGrams,
        highGrams: servedGrams,
        remainingCapGrams: Math.max(0, stage.settings.dayGramsMax - servedGrams),
      };
    },
    plans: {
      plans: () => stage.planView().plans,
      meals: () => stage.meals.list(),
      overlays: () => stage.overlays,
      addPlan: ({ name }) => ({ id: 'plan', rev: 1, name }),
      changePlan: (id) => ({ id, rev: 1, name: 'Every day' }),
      removePlan: () => {},
      activatePlan: () => {},
      addMeal: (input: MealInput) =>
        stage.meals.add({ ...input, planId: 'plan', effectiveFromMs: 0 }),
      changeMeal: (id, patch, expectedRev) => stage.meals.change(id, patch, expectedRev),
      removeMeal: (id) => stage.meals.remove(id),
      addOverlay: (input) => stage.addOverlay(input),
      removeOverlay: (id) => {
        stage.overlays = stage.overlays.filter((one) => one.id !== id);
        stage.changed('overlays');
      },
      skipNext: () => {
        const coming = next();
        if (coming === null) throw new FeederError('ERR_CONFLICT');
        const { mealId, localDate } = coming;
        stage.verdicts.set(coming.key, {
          state: 'closed',
          verdict: 'skipped',
          why: 'You asked for this meal to be left out.',
        });
        return stage.addOverlay({ kind: 'skip', mealId, date: localDate });
      },
    },
    schedule: {
      next,
      occurrences: () => stage.today(),
      occurrence: (key) => stage.today().find((one) => one.key === key),
      preview: (days) =>
        previewSchedule({
          view: stage.planView(),
          fromMs: stage.wallMs(),
          days,
          kcalPer100g: 385,
          hopperGrams: stage.hopperGrams,
        }),
      localDate: date,
    },
    pets: {
      list: () => stage.pets.list(),
      get: (id) => stage.pets.get(id),
      add: (input) => stage.pets.add(input),
      change: (id, patch, expectedRev) => stage.pets.change(id, patch, expectedRev),
      remove: (id) => stage.pets.remove(id),
      today: (id) => {
        const servedGrams = stage.servedToday(id);
        const rationGrams = stage.pets.get(id)?.rationGrams ?? null;
        return {
          localDate: date(),
          servedGrams,
          rationGrams,
          remainingGrams: rationGrams === null ? null : rationGrams - servedGrams,
          servedKcal: servedGrams * 3.85,
          needKcal: 238,
        };
      },
    },
    kibbles: stage.kibbles,
    kibbleCalibration: {
      start: (kibbleId, { rounds, portionGrams }) => {
        const job = { kibbleId, state: 'running', rounds, portionGrams, model: null } as const;
        stage.calibration = {
          ...job,
          servedGrams: [9.8],
          startedAtMs: stage.wallMs(),
          endedAtMs: null,
          why: '',
        };
        stage.live.publish('calibration', stage.calibration);
        return stage.calibration;
      },
      status: () => stage.calibration,
    },
    scale: {
      reading: () => stage.bowl,
      calibration,
      tare: async () => {
        stage.bowl = { ...stage.bowl, grams: 0 };
        return calibration();
      },
      span: async () => calibration(),
    },
    hopper: {
      calibration: () => null,
      tare: async () => {
        stage.hopperGrams = 0;
        stage.hopperState = 'weighed';
        return calibration();
      },
      span: async () => calibration(),
      daysLeft: () => null,
    },
    settings: {
      get: () => stage.settings,
      change: (patch) => {
        stage.settings = { ...stage.settings, ...patch, rev: stage.settings.rev + 1 };
        stage.changed('settings');
        return stage.settings;
      },
    },
    ledger: {
      page: () => ({ items: [], lastSeq: 214, nextAfterSeq: null }),
      verify: () => ({
        ...{ ok: true, entries: 214, lastSeq: 214, brokenSeq: null, why: '' },
        key: 'K'.repeat(43),
      }),
      file: () => onePiece('{"catFeederLedger":1}\n'),
    },
    alerts: () => stage.alerts,
    components: () => stage.components,
    reader: () => stage.reader,
    camera: stage.hasCamera ? stage.camera : null,
    clips: stage.clips,
    selfTest: async () => [],
    cloud: stage.cloud,
    storage: () => stage.storage,
    diskFreeBytes: () => 21_400_000_000,
    onAudience: () => {},
  };
}
