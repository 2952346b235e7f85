import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { FeederError } from '@cat-feeder/shared';
import { type Listening, listen } from '../api/listen.ts';
import type { Api } from '../api/server.ts';
import type { DeviceIdentity } from '../cloud/device-identity.ts';
import type { DeviceConfig } from '../config/device-config.ts';
import type { Hardware } from '../config/wiring-schema.ts';
import { knownChips } from '../hardware/io/known-lines.ts';
import { loadOnoff, type OnoffPackage } from '../hardware/io/onoff-lines.ts';
import { openSerialPort } from '../hardware/io/serial-port.ts';
import { serveSerial } from '../hardware/io/serial-relay.ts';
import { NodeScheduleAlarm } from '../hardware/node-schedule-alarm.ts';
import { openPanel, type Panel } from '../hardware/parts/open-panel.ts';
import { PiBoard } from '../hardware/parts/pi-board.ts';
import { realPanelDoors } from '../hardware/parts/real-panel-doors.ts';
import { spawnStation } from '../hardware/station/spawn-station.ts';
import { StationCells } from '../hardware/station/station-cells.ts';
import { WorkerStation } from '../hardware/station/worker-station.ts';
import type { PinoLogger } from '../platform/pino-logger.ts';
import { safeChance, safeRandomBytes } from '../platform/safe-random.ts';
import { createServiceNotify, type ServiceNotify } from '../platform/service-notify.ts';
import { SysfsTree } from '../platform/sysfs-tree.ts';
import { SystemClock } from '../platform/system-clock.ts';
import { SystemTimeSource } from '../platform/system-time-source.ts';
import { dataDir, makeDataDir } from '../storage/data-dir.ts';
import { lockDataDir } from '../storage/data-dir-lock.ts';
import { openStore } from '../storage/store.ts';
import { composeDevice, type Device } from './compose-device.ts';
import { clipShelf, openCamera } from './open-camera.ts';
import { openIdentity } from './open-identity.ts';
import type { SafetyStop } from './safety-stop.ts';
import { builtAtMs, programVersion } from './version.ts';
import { Watchdog } from './watchdog.ts';
import { watchWiring } from './wiring-watch.ts';

/**
 * The daemon on this machine: lock, motor safe, database, features, port, ready. Resolves when it
 * is ready; the safety stop ends it. Throws coded errors, each with its exit code.
 */
export async function runDaemon(
  given: DeviceConfig,
  run: { readonly logger: PinoLogger; readonly safetyStop: SafetyStop },
): Promise<Listening> {
  const { logger, safetyStop } = run;
  const clock = new SystemClock();
  const board = new PiBoard({ tree: new SysfsTree(), chips: knownChips });
  const wiring = watchWiring(given.hardware, board);
  const config = { ...given, hardware: wiring.hardware };
  for (const absent of wiring.absentParts()) logger.warn({ ...absent }, 'A part is not there.');
  // Before anything of the hardware is touched: it may belong to another daemon.
  const dir = dataDir(config.dataDir);
  makeDataDir(dir);
  const unlock = lockDataDir(dir.lock);
  const notify = createServiceNotify();
  const { station, watchdog, maker } = await startStation(config, {
    clock,
    safetyStop,
    notify,
    logger,
  });
  const bootId = randomUUID();
  const camera = openCamera(config, clock);
  const key = openIdentity(config.dataDir);
  const device = composeDevice({
    clock,
    timeSource: new SystemTimeSource({ isTrusted: config.trustWallClock }),
    alarm: (stationWallMs) =>
      new NodeScheduleAlarm({ stationWallMs, systemWallMs: () => clock.wallMs() }),
    bootId,
    randomBytes: safeRandomBytes,
    logger,
    openStore: (time) =>
      openStore({
        at: config.dataDir,
        time,
        defaultCalibration: maker.calibration,
        defaultHopperCalibration: maker.hopperCalibration,
        unlock,
      }),
    station,
    traits: maker.traits,
    identity: {
      version: programVersion,
      builtAtMs,
      board: config.hardware.kind === 'board' ? config.hardware.name : 'simulated',
      simulated: config.hardware.kind === 'simulated',
    },
    selfTest: async () => [
      ...(await station.selfTest()),
      ...(config.hardware.kind === 'board' ? [{ part: 'board', ...(await board.selfTest()) }] : []),
    ],
    partProblems: () => [
      ...wiring.absentParts(),
      ...station.partProblems(),
      ...(key instanceof FeederError ? [noKey(key)] : []),
    ],
    ...(await panelOf(config.hardware, clock)),
    ...(camera === undefined ? {} : { camera }),
    ...(key instanceof FeederError ? {} : keyParts(key, config)),
    clips: clipShelf(config),
    uiDir: config.uiDir ?? join(import.meta.dirname, 'ui'),
    onFatal: (error) => safetyStop.fail(error),
  });
  if (notify.problem !== null) logger.warn({}, notify.problem);
  const listening = await startParts(device, {
    config,
    logger,
    safetyStop,
    clock,
    watchdog,
    notify,
  });
  // Ready means that a portion could be weighed, or that the scale is known to be silent.
  await device.scaleKnown();
  notify.ready(`Listening on ${listening.url}`);
  return listening;
}

/** What a feeder with a key can do: sign its ledger, and be known to the cloud of its settings. */
function keyParts(key: DeviceIdentity, { cloudUrl: url }: DeviceConfig) {
  return { key, ...(url === null ? {} : { cloud: { url, identity: key } }) };
}

function noKey({ message: why }: FeederError) {
  return { part: 'device key', state: 'unreadable', why };
}

/** What is wired around the dispenser. The control loop has its parts by now, so the header is there. */
async function panelOf(
  hardware: Hardware,
  clock: SystemClock,
): Promise<{ readonly panel?: Panel }> {
  if (hardware.kind === 'simulated') return {};
  const isWanted = hardware.parts.some((part) => 'via' in part && part.via === 'onoff');
  const onoff = isWanted ? await onoffOrWhyNot() : null;
  return { panel: openPanel(hardware, realPanelDoors({ clock, chance: safeChance, onoff })) };
}

/** An optional package: without it the daemon runs, and the parts that want it are told as missing. */
async function onoffOrWhyNot(): Promise<OnoffPackage | FeederError> {
  try {
    return await loadOnoff();
  } catch (error) {
    if (error instanceof FeederError) return error;
    throw error;
  }
}

/** Serial ports can only be read in this thread: it opens them for the control loop's. */
function serialForLoop(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  serveSerial(port1, openSerialPort);
  return port2;
}

/** The control loop's thread, and the watchdog that ends the daemon when the loop falls silent. */
async function startStation(
  config: DeviceConfig,
  run: {
    readonly clock: SystemClock;
    readonly safetyStop: SafetyStop;
    readonly notify: ServiceNotify;
    readonly logger: PinoLogger;
  },
) {
  const { clock, safetyStop, notify, logger } = run;
  const cells = new StationCells({ nowMs: clock.monoMs() });
  const thread = spawnStation(
    {
      memory: cells.memory,
      hardware: config.hardware,
      serial: config.hardware.kind === 'board' ? serialForLoop() : null,
      profile: config.profile,
      seed: config.simulationSeed,
      speed: config.simulationSpeed,
      worldPath: join(config.dataDir, 'simulated-world.json'),
    },
    { heapMb: config.stationHeapMb },
  );
  const station = new WorkerStation({
    thread,
    cells,
    clock,
    onLost: (error) => safetyStop.fail(error),
    // While the motor may turn, silence is noticed at once and not at the watchdog's next beat.
    onBeat: () => watchdog.look(),
    onProblem: (problem) => logger.warn(problem, 'A part is not as it should be.'),
  });
  const watchdog = new Watchdog({
    clock,
    notify,
    loopAgeMs: () => station.health().loopAgeMs,
    silenceMsMax: config.loopSilenceMs,
    onLost: () => station.lose('was silent for too long'),
  });
  safetyStop.guardMotor(() => station.motorOff());
  return { station, watchdog, maker: await station.ready() };
}

async function startParts(
  device: Device,
  run: {
    readonly config: DeviceConfig;
    readonly logger: PinoLogger;
    readonly safetyStop: SafetyStop;
    readonly clock: SystemClock;
    readonly watchdog: Watchdog;
    readonly notify: ServiceNotify;
  },
): Promise<Listening> {
  const { config, logger, safetyStop, clock, watchdog, notify } = run;
  const bound: { listening?: Listening } = {};
  device.runtime.add('watchdog', watchdog).add('api', {
    start: async () => {
      const makeApi = (port: () => number): Api => device.createApi(port);
      const { host, port } = config;
      bound.listening = await listen(makeApi, { host, port, clock, log: logger });
    },
    stop: async () => bound.listening?.close(),
  });
  safetyStop.stopWith(async () => {
    notify.stopping('Asked to stop');
    const problems = await device.runtime.stop();
    for (const problem of problems) logger.error(problem, 'A part did not stop as it should.');
  });
  await device.runtime.start(safetyStop.signal);
  if (bound.listening === undefined) throw new FeederError('ERR_UNAVAILABLE');
  return bound.listening;
}
