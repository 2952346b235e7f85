import {
  type ClockQuality,
  DAY_MS,
  type EventBody,
  FeederError,
  type Milliseconds,
  makeUlid,
} from '@cat-feeder/shared';
import { signHead } from '../cloud/ledger-signing.ts';
import type { HopperLevel } from '../dispensing/hopper-gauge.ts';
import { recoverOpenFeedings } from '../feeding/crash-recovery.ts';
import { type ActiveFault, faultEffects } from '../feeding/fault-effects.ts';
import type { FeedService } from '../feeding/feed-service.ts';
import type { Panel } from '../hardware/parts/open-panel.ts';
import type { TrustedClock } from '../scheduling/trusted-clock.ts';
import { syncNow } from '../storage/event-encoding.ts';
import type { RestoreReport } from '../storage/recovery.ts';
import type { DeviceStore } from '../storage/store.ts';
import { ButtonFeeding } from './button-feeding.ts';
import { clipChores } from './clip-chores.ts';
import type { DeviceCore } from './compose-device.ts';
import type { DeviceParts } from './device-parts.ts';
import { FrontPanel } from './front-panel.ts';
import { type Chore, Housekeeping } from './housekeeping.ts';
import { RuntimeManager, type ServiceCondition } from './runtime-manager.ts';
import { SensorWatch } from './sensor-watch.ts';
import { watchLedger } from './watch-ledger.ts';

/** A cancelled feeding settles and is weighed in this time; the whole stop has five seconds. */
const FEEDING_STOP_MS: Milliseconds = 4000;

/** The parts in the order in which they start; they stop in reverse. */
export function composeRuntime(parts: DeviceParts, core: DeviceCore): RuntimeManager {
  const { clock, logger, station } = parts;
  const { store, time, live, scheduler } = core;
  const { feeding, firstReading, unwritten, recovery, faults } = core.feeding;
  // What goes wrong outside a feeding is latched like what goes wrong in one.
  const unwatchFaults = station.onFault((fault) => {
    const why = 'Seen while no feeding was running.';
    faults.raise({
      fault,
      feedingId: feeding.running()?.id ?? null,
      sinceMs: time.now().wallMs,
      why,
    });
  });
  const unwatchPower = savePower(parts, core);
  const recover = async () => {
    await recoverOpenFeedings(recovery);
    feeding.openDoor();
    await firstReading.known();
    if (!feeding.isStopping()) scheduler.start();
  };
  const housekeeping = new Housekeeping({
    clock,
    logger,
    isBusy: () => feeding.isBusy(),
    chores: [
      { name: 'retention', everyMs: DAY_MS, run: () => void store.maintain() },
      {
        name: 'snapshot',
        everyMs: DAY_MS,
        run: async () => void (await store.takeDailySnapshot()),
      },
      ...clipChores(parts.clips, core),
      ...signingChores(parts, core),
    ],
  });
  const runtime = new RuntimeManager({ clock, log: logger })
    .add('storage', {
      start: () => startStorage(parts, core),
      stop: () => stopStorage(parts, store),
      condition: () => storageCondition(store),
    })
    .add('clock', {
      start: () => time.start(),
      stop: () => time.close(),
      condition: () => clockCondition(time),
    })
    .add('station', {
      start: () => {
        station.setCalibration(store.calibration.get());
        station.setHopperCalibration(store.hopperCalibration.get().calibration);
      },
      stop: () => {
        unwatchPower();
        unwatchFaults();
        return station.close();
      },
      condition: () => stationCondition(parts, store),
    })
    .add('live events', watchers(parts, core, watchLedger(store, live)));
  // It begins to look when all others run, and ends after the feeding of which it makes a clip.
  if (core.camera !== null) runtime.add('camera', core.camera, { critical: false });
  runtime
    .add(
      'feeding',
      {
        // Not awaited: the page must show a feeder that waits for a cat to leave the bowl.
        start: () =>
          void recover().catch((error: unknown) => failedToRecover(parts, feeding, error)),
        stop: async () => {
          firstReading.close();
          await feeding.stop();
          unwritten.close();
          faults.close();
        },
        condition: () => feedingCondition(faults.active(), unwritten.count),
      },
      { stopLimitMs: FEEDING_STOP_MS },
    )
    .add('schedule', { stop: () => scheduler.stop() }, { needs: ['feeding'] })
    .add('sensors', watchSensors(parts, core), { critical: false })
    .add('housekeeping', housekeeping, { critical: false });
  addOptional(runtime, parts, core);
  return runtime;
}

/** Once a day the feeder's key vouches for what is in the ledger by then. */
function signingChores({ key }: DeviceParts, { store, time }: DeviceCore): Chore[] {
  if (key === undefined) return [];
  const run = () => void signHead(store.sync, key, syncNow(time));
  return [{ name: 'ledger signature', everyMs: DAY_MS, run }];
}

/** What a feeder may have besides, and can do without. */
function addOptional(runtime: RuntimeManager, parts: DeviceParts, core: DeviceCore): void {
  const { presence, cloud } = core;
  const { panel } = parts;
  if (presence !== null) runtime.add('pet reader', presence, { critical: false });
  if (panel !== undefined) {
    runtime.add('front panel', frontPanel(panel, parts, core), { critical: false });
  }
  if (cloud !== null) runtime.add('cloud', cloud, { critical: false });
}

function frontPanel(panel: Panel, parts: DeviceParts, core: DeviceCore): FrontPanel {
  const { feeding, door, faults } = core.feeding;
  const { clock, station, logger, randomBytes } = parts;
  const button = new ButtonFeeding({
    feeding: door,
    portionGrams: panel.buttonGrams,
    newId: (wallMs) => makeUlid(wallMs, randomBytes),
    wallMs: () => core.time.now().wallMs,
    stop: () => station.cancel(),
    onRefused: () => panel.sounder?.play('fault'),
    logger,
  });
  return new FrontPanel({
    panel,
    clock,
    live: core.live,
    interlocks: core.interlocks,
    onHopper: (level) => tellHopper(level, parts, core),
    hasFault: () => faults.active().length > 0,
    isFeeding: () => feeding.isBusy(),
    onPress: (pattern) => {
      // While a feeding runs every press stops it, and does nothing else.
      if (pattern === 'double' && !feeding.isBusy() && core.camera !== null) {
        const { camera } = core;
        tolerate(parts, 'The camera was not switched.', () => camera.toggle());
      } else void button.press(pattern).catch(parts.onFatal);
    },
  });
}

/** While the supply still lasts, everything goes from the log of writes into the database. */
function savePower(parts: DeviceParts, { interlocks, store }: DeviceCore): () => void {
  let wasFailing = false;
  return interlocks.onChange(() => {
    const isFailing = interlocks.active().includes('power_failing');
    const hasBegun = isFailing && !wasFailing;
    wasFailing = isFailing;
    if (!hasBegun) return;
    parts.logger.warn(
      {},
      'The mains have failed: feeding waits, and the database is put in order.',
    );
    tolerate(parts, 'The database was not put in order.', () => void store.checkpoint());
  });
}

/** An empty hopper is told before a meal finds out; a gauge that sees food again takes it back. */
function tellHopper(level: HopperLevel, parts: DeviceParts, core: DeviceCore): void {
  const { alerts, feeding, time } = core;
  const { faults } = feeding;
  alerts.hopper(level);
  const known = faults.active().find(({ fault }) => fault === 'hopper_empty');
  if (level.isEmpty) {
    const why = 'The gauge in the lid sees no food.';
    faults.raise({ fault: 'hopper_empty', feedingId: null, sinceMs: time.now().wallMs, why });
  } else if (known?.feedingId === null && !level.isLow) {
    // One that a feeding found stays: food that hangs in a full hopper looks the same to it.
    tolerate(parts, 'A fault that is gone was not taken away.', () =>
      faults.clear('hopper_empty', 'the gauge sees food again'),
    );
  }
}

function watchSensors({ clock }: DeviceParts, { alerts, feeding }: DeviceCore): SensorWatch {
  return new SensorWatch({
    clock,
    fault: alerts.seenFault,
    isBusy: () => feeding.feeding.isBusy(),
    isShown: alerts.isSensorShown,
    raise: alerts.sensor,
  });
}

/** What the quality of the clock means for the meals. */
const clockConditions: Readonly<Record<ClockQuality, ServiceCondition>> = {
  synchronized: { state: 'ok' },
  rtc: { state: 'ok' },
  estimated: { state: 'degraded', why: 'the time is an estimate; meals may come early or late' },
  unknown: {
    state: 'degraded',
    why: 'nobody knows the time; meals wait half an hour, then come by elapsed time',
  },
};

/** What a clock that is doubted means for the meals, and why it is. */
function clockCondition(time: TrustedClock): ServiceCondition {
  const condition = clockConditions[time.now().quality];
  return condition.state === 'ok'
    ? condition
    : { ...condition, why: `${condition.why}. ${time.health().why}` };
}

/** A disk that refuses the note of this start does not keep the feeder from feeding. */
function startStorage(
  parts: DeviceParts,
  { store, alerts, feeding: { began, assumeOneBefore } }: DeviceCore,
): void {
  tellTrouble(parts, store);
  const { restored } = store;
  if (restored !== null && restored.lostFromSeq !== null) alerts.historyLost(lossOf(restored));
  const note = () => store.boots.started(parts.identity.version, began);
  if (!tolerate(parts, 'The start was not recorded.', note)) assumeOneBefore();
}

/** What this start found on the disk, once: the page and `doctor` show it as long as it holds. */
function tellTrouble({ logger }: DeviceParts, store: DeviceStore): void {
  const { readOnly, restored } = store.health();
  if (readOnly !== null) logger.warn({ reason: readOnly }, 'Nothing can be written to the disk.');
  if (restored === null) return;
  logger.warn(restored, `The database was damaged and has been restored: ${lossOf(restored)}.`);
}

/** What a restore could not bring back. */
function lossOf({ lostFromSeq, isDoseUnknown }: RestoreReport): string {
  const lost =
    lostFromSeq === null ? 'no entry is known to be lost' : `entries from ${lostFromSeq} are lost`;
  return isDoseUnknown ? `${lost}; the caps assume the most that may have been fed` : lost;
}

function stopStorage(parts: DeviceParts, store: DeviceStore): void {
  tolerate(parts, 'The stop was not recorded.', () => store.boots.stopped('asked to stop'));
  store.close();
}

/** Notes changes of the clock, and stops all watching at the end. */
function watchers(parts: DeviceParts, core: DeviceCore, unwatchLedger: () => void) {
  const { store, time, live, scheduler } = core;
  const unwatchClock = time.subscribe(({ from, to, stepMs }) => {
    live.publish('clock', { quality: to, stepMs });
    const change: EventBody<'clock.changed'> = { from, to, stepMs: Math.round(stepMs) };
    // Not from inside the reading that noticed it: that may be inside a transaction.
    parts.clock.after('clock change', 0, () => {
      tolerate(parts, 'A change of the clock was not recorded.', () =>
        store.record('clock.changed', change),
      );
      scheduler.clockChanged();
    });
  });
  return {
    stop: () => {
      unwatchClock();
      unwatchLedger();
    },
  };
}

/** True when it was written. */
function tolerate(parts: DeviceParts, sentence: string, write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
    parts.logger.error({ code: error.code, reason: error.message }, sentence);
    return false;
  }
}

/** A scale that was never calibrated works by its datasheet, which is far from good enough. */
function stationCondition(parts: DeviceParts, store: DeviceStore): ServiceCondition {
  const { fault } = parts.station.health();
  if (fault !== null) return { state: 'degraded', why: `the control loop sees: ${fault}` };
  const { taredAtMs, spannedAtMs } = store.calibration.get();
  if (taredAtMs !== null && spannedAtMs !== null) return { state: 'ok' };
  const why = 'the scale was never calibrated: tare it, then weigh a known mass';
  return { state: 'degraded', why };
}

function feedingCondition(faults: readonly ActiveFault[], waiting: number): ServiceCondition {
  const off = faults.find(({ fault }) => faultEffects[fault] === 'off');
  if (off !== undefined) {
    return { state: 'failed', why: `${off.fault}: nothing is fed until a person clears it` };
  }
  return waiting === 0
    ? { state: 'ok' }
    : { state: 'degraded', why: `${waiting} outcomes wait for the disk` };
}

/** What the disk did to us at this start and since. */
export function storageCondition(store: DeviceStore): ServiceCondition {
  const { readOnly, refusal, heldClaims, copiesFailed, restored } = store.health();
  const refused = readOnly ?? refusal;
  if (refused !== null) return { state: 'failed', why: refused };
  if (heldClaims > 0) {
    return { state: 'degraded', why: `${heldClaims} claims are only in the emergency journal` };
  }
  if (copiesFailed > 0) {
    return { state: 'degraded', why: `${copiesFailed} writes of the second copies failed` };
  }
  if (restored === null) return { state: 'ok' };
  const from = restored.source === 'none' ? 'what else is on the disk' : restored.source;
  const why = `the database was damaged and restored from ${from}: ${restored.reason} Of the ledger, ${lossOf(restored)}.`;
  return { state: 'degraded', why };
}

/** A stop in the middle of recovery is no failure: the next start closes what is still open. */
function failedToRecover(parts: DeviceParts, feeding: FeedService, error: unknown): void {
  if (!feeding.isStopping()) parts.onFatal(error);
  else parts.logger.warn({ error }, 'Stopped before the interrupted feedings were closed.');
}
