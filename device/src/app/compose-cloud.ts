import { type CloudView, eventKinds } from '@cat-feeder/shared';
import type { CloudPort } from '../api/deps.ts';
import { Claiming } from '../cloud/claiming.ts';
import type { ClipSender } from '../cloud/clip-sender.ts';
import { CloudHttp } from '../cloud/cloud-http.ts';
import { CloudLink } from '../cloud/cloud-link.ts';
import type { DeviceIdentity } from '../cloud/device-identity.ts';
import { Doorbell } from '../cloud/doorbell.ts';
import { rotateKey } from '../cloud/key-rotation.ts';
import { loadMqtt } from '../cloud/load-mqtt.ts';
import { pendingQueue } from '../cloud/pending-queue.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Scheduler } from '../scheduling/scheduler.ts';
import { bootBytes, sha256, syncNow } from '../storage/event-encoding.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { CameraWatch } from './camera-watch.ts';
import { CloudCommands } from './cloud-commands.ts';
import { CloudConflicts } from './cloud-conflicts.ts';
import { CloudEdits } from './cloud-edits.ts';
import { composeClipSender } from './compose-clip-sender.ts';
import type { composeFeeding } from './compose-feeding.ts';
import type { composePlan } from './compose-plan.ts';
import type { DeviceParts } from './device-parts.ts';
import type { Service } from './runtime-manager.ts';

/** A cloud, as far as this feeder is to have one. */
export interface CloudPart {
  /** Its origin. */
  readonly url: string;
  readonly identity: DeviceIdentity;
  /** Of the runtime unless a test brings its own. */
  readonly fetch?: typeof fetch;
}

/** The link to the cloud: a part like any other that the feeder can do without. */
export type Cloud = Service & CloudPort;

interface Joined {
  readonly store: DeviceStore;
  readonly time: StationClock;
  readonly scheduler: Scheduler;
  readonly feeding: ReturnType<typeof composeFeeding>;
  readonly plan: ReturnType<typeof composePlan>;
  readonly camera: CameraWatch | null;
}

/** Null: no cloud is configured, and nothing of it exists. */
export function composeCloud(parts: DeviceParts, joined: Joined): Cloud | null {
  const { cloud, clock } = parts;
  if (cloud === undefined) return null;
  const { url, identity } = cloud;
  const own = cloud.fetch === undefined ? {} : { fetch: cloud.fetch };
  const http = new CloudHttp({ url, identity, monoMs: () => clock.monoMs(), ...own });
  const account = () => identity.accountAt(url);
  const { link, bell } = composeLink(parts, joined, {
    http,
    deviceId: () => account()?.device ?? null,
  });
  const clips = composeClipSender(parts, { ...joined, link, http });
  const claiming = new Claiming({
    ...{ clock, http, identity, url, model: parts.identity.board },
    onLinked: () => {
      http.forgetToken();
      link.stop();
      link.start();
      clips?.start();
    },
  });
  const { store, plan } = joined;
  const { pets, settings, book: plans } = plan;
  const conflicts = new CloudConflicts({ store, pets, settings, plans, kibbles: store.kibbles });
  return {
    start: () => {
      if (account() === null) return;
      link.start();
      clips?.start();
    },
    stop: () => {
      claiming.close();
      clips?.stop();
      link.stop();
    },
    view: () => {
      const { state, ...rest } = link.view();
      const linked = account();
      return {
        url,
        state: linked === null ? 'unclaimed' : state,
        account: linked?.account ?? null,
        device: linked?.device ?? null,
        ...{ ...rest, claim: claiming.view() },
        doorbell: bell.view().state,
        openConflicts: conflicts.openCount(),
        clips: clips === null ? null : clipsView(joined.store, clips),
      };
    },
    hurry: () => link.hurry(),
    conflicts: () => conflicts.list(),
    restoreConflict: (id) => conflicts.restore(id),
    dismissConflict: (id) => conflicts.dismiss(id),
    queue: () =>
      pendingQueue({ link: link.view(), store: store.sync, isLinked: account() !== null }),
    beginClaim: () => claiming.begin(),
    agree: (name) => claiming.agree(name),
    cancelClaim: () => claiming.cancel(),
    rotateKey: () => rotateKey({ http, identity, deviceId: account()?.device ?? null }),
    unlink: () => {
      clips?.stop();
      link.stop();
      http.forgetToken();
      identity.setAccount(null);
    },
  };
}

function clipsView(
  { settings, clips }: DeviceStore,
  sender: ClipSender,
): NonNullable<CloudView['clips']> {
  const isOn = settings.get().cloudClips;
  return { isOn, waiting: isOn ? clips.unsent() : 0, ...sender.view() };
}

function composeLink(
  parts: DeviceParts,
  joined: Joined,
  account: { readonly http: CloudHttp; readonly deviceId: () => string | null },
): { link: CloudLink; bell: Doorbell } {
  const { clock, logger, randomBytes, bootId, station } = parts;
  const { store, time, scheduler, feeding, plan } = joined;
  const { book } = plan;
  const edits = new CloudEdits({ store, time, schedule: scheduler, view: () => book.view() });
  store.sync.watchEdits(edits);
  const commands = new CloudCommands({
    ...{ feeding: feeding.feeding, journal: store.journal, clock, logger },
    scale: feeding.firstReading,
    hasPet: (petId) => store.pets.get(petId) !== undefined,
  });
  const bell = new Doorbell({
    ...{ clock, logger, random: randomBytes, load: loadMqtt, deviceId: account.deviceId },
    onRing: (body) => link.ring(body),
    onListening: () => link.listening(),
    onRefused: () => link.unheard(),
    live: () => {
      const { bowl, hopperGrams: hopper_grams, motorOn: motor_on } = station.health();
      const running = feeding.feeding.running();
      return { bowl, hopper_grams, motor_on, feeding: running?.id ?? null };
    },
  });
  const link: CloudLink = new CloudLink({
    ...{ clock, logger, http: account.http, sha256, store: store.sync, random: randomBytes },
    now: () => syncNow(time),
    boot: bootBytes(bootId).toString('base64url'),
    firmware: parts.identity.version,
    validate: (doc) => edits.validate(doc),
    present: () => ({
      hopper_grams: station.health().hopperGrams,
      faults: feeding.faults.active().map(({ fault }) => fault),
      ...(bell.view().isRefused ? { bell: 'refused' } : {}),
    }),
    onBell: (place) => bell.use(place),
    execute: (id, order, startByMonoMs) => commands.execute(id, order, startByMonoMs),
    outcomeOf: (id) => commands.outcomeOf(id),
    isFeeding: () => feeding.feeding.isBusy(),
    onAppended: (tell) =>
      store.log.onEntry(({ name }) => tell(name === undefined ? 'A' : eventKinds[name].class)),
  });
  return { link, bell };
}
