import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudHttp } from '../../../device/src/cloud/cloud-http.ts';
import { CloudLink } from '../../../device/src/cloud/cloud-link.ts';
import type { DeviceIdentity } from '../../../device/src/cloud/device-identity.ts';
import { silentLogger } from '../../../device/src/platform/logger.ts';
import { SystemClock } from '../../../device/src/platform/system-clock.ts';
import { blankDisk, MemoryDisk } from '../../simulation/memory-disk.ts';
import { benchBody } from './bench-feeder.ts';
import type { BenchRig } from './bench-rig.ts';
import type { BenchService } from './bench-service.ts';
import { LeanFetch } from './lean-fetch.ts';
import { storedAndTwice } from './stored-rows.ts';

/*
 * Ten thousand feeders in one process, each with the real core, shell and requests of the daemon and a
 * disk in memory. They come for the first time all at once, then the service is gone for a while in
 * which each writes a day of entries, then it is back. Load generator, service and database share the
 * machine.
 */

const DAY_EVENTS = 78;
/** After a quarter of an hour every feeder waits as long as it may: half a minute in the mean. */
const ATTEMPTS = 9;
/** A feeder asks once a minute: by then all of them know that the service is gone. */
const OUTAGE_MS = 75_000;
const LIMIT_MS = 400_000;
const LOOK_MS = 250;
const REGISTRATIONS = 8;

const clock = new SystemClock();
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const random = (length: number) => randomBytes(length);
const nothing = () => {};
const seconds = (ms: number) => Math.round(ms / 100) / 10;

/** The keys `storm10kSeconds` and `storm`. */
export function stormPart(feeders: number) {
  return async (rig: BenchRig): Promise<object> => {
    const service = await rig.service({
      ...rig.withServers(false),
      CLOUD_POLL_SECONDS: '60',
      CLOUD_BACKOFF_CAP_SECONDS: '60',
    });
    const wire = new LeanFetch();
    const fleet = await registered(service, wire, feeders);
    const beganMs = performance.now();
    for (const { link } of fleet) link.start();
    await all(fleet);
    const coldMs = performance.now() - beganMs;
    const cold = wire.counts();
    await service.kill();
    for (const feeder of fleet) feeder.liveOneDay();
    await sleep(OUTAGE_MS);
    wire.reset();
    await service.startAgain();
    const backMs = performance.now();
    await all(fleet);
    const stormMs = performance.now() - backMs;
    const peakMb = Math.round((await service.residentBytes()) / 1e6);
    for (const { link } of fleet) link.stop();
    const ids = fleet.map(({ deviceId }) => deviceId);
    const rows = await storedAndTwice(rig.databaseUrl, ids);
    wire.close();
    await service.stop();
    return {
      storm10kSeconds: seconds(stormMs),
      storm: {
        ...{ feeders, events: feeders * DAY_EVENTS, firstContactSeconds: seconds(coldMs) },
        answers: wire.counts(),
        answersAtFirstContact: cold,
        lost: feeders * DAY_EVENTS - rows.stored,
        duplicated: rows.twice,
        serviceMb: peakMb,
      },
    };
  };
}

async function registered(service: BenchService, wire: LeanFetch, count: number) {
  const fleet: StormFeeder[] = [];
  const register = async () => {
    while (fleet.length < count) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const feeder = new StormFeeder(service.url, wire, privateKey);
      fleet.push(feeder);
      const { x = '' } = publicKey.export({ format: 'jwk' });
      feeder.deviceId = (await service.feeder(x)).deviceId;
    }
  };
  await Promise.all(Array.from({ length: REGISTRATIONS }, register));
  return fleet;
}

async function all(fleet: readonly StormFeeder[]): Promise<void> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += LOOK_MS) {
    if (fleet.every((feeder) => feeder.isCaughtUp())) return;
    await sleep(LOOK_MS);
  }
  const left = fleet.filter((feeder) => !feeder.isCaughtUp()).length;
  throw new Error(`${left} feeders did not come back.`);
}

class StormFeeder {
  deviceId = '';
  readonly link: CloudLink;
  readonly #disk: MemoryDisk;
  readonly #http: CloudHttp;

  constructor(url: string, wire: LeanFetch, privateKey: KeyObject) {
    const boot = randomBytes(8).toString('base64url');
    const now = () => ({ monoMs: clock.monoMs(), wallMs: Date.now(), tq: 2, boot });
    this.#disk = new MemoryDisk(blankDisk(random), {
      ...{ random, sha256, now, beforeCommit: nothing, afterCommit: nothing },
      ...{ created: nothing, opened: nothing, letGo: nothing, docPut: nothing },
      cursorMoved: nothing,
    });
    const home = 'a'.repeat(26);
    // The daemon keeps it in a file; ten thousand of them would measure the disk.
    const identity = {
      current: { privateKey },
      next: null,
      accountAt: () => ({ url, device: this.deviceId, home, account: 'bench' }),
    } as unknown as DeviceIdentity;
    this.#http = new CloudHttp({ url, identity, monoMs: () => clock.monoMs(), fetch: wire.fetch });
    this.link = new CloudLink({
      ...{
        clock,
        logger: silentLogger,
        store: this.#disk,
        http: this.#http,
        random,
        sha256,
        now,
        boot,
      },
      ...{
        firmware: 'bench',
        validate: () => null,
        present: () => ({}),
        outcomeOf: () => null,
        isFeeding: () => false,
      },
      execute: async () => ({ end: 'refused', reason: 'bench', feedingId: null }),
      onAppended: () => nothing,
    });
  }

  /** Has a session, and nothing that the cloud does not have. */
  isCaughtUp(): boolean {
    const { state, waiting } = this.link.view();
    return state === 'online' && waiting === 0;
  }

  /** What a feeder writes in a day while nobody hears it, and how long it waits by then. */
  liveOneDay(): void {
    // Its token has ended by then, too.
    this.#http.forgetToken();
    this.#disk.transact('day', () => {
      for (let n = 0; n < DAY_EVENTS; n++) this.#disk.append('feeding.ended', benchBody(n));
      this.#disk.setNumber('attempt', ATTEMPTS);
    });
  }
}
