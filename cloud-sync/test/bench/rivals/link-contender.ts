import { eventKinds } from '@cat-feeder/shared';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { partyToBytes } from '../../../src/storage/mysql/row-values.ts';
import type { BenchRig } from '../bench-rig.ts';
import type { BenchService } from '../bench-service.ts';
import { delayedWire } from '../delayed-wire.ts';
import { linkDrain } from '../link-drain.ts';
import type { Contender, SenderFigures, SendPlan } from './contender.ts';

/** Ours: the daemon's ledger, link and requests, the service, MariaDB with durable commits. */
export async function linkContender(rig: BenchRig): Promise<Contender> {
  return new LinkContender(rig, await rig.service());
}

class LinkContender implements Contender {
  readonly #rig: BenchRig;
  readonly #service: BenchService;
  readonly #devices: string[] = [];
  readonly victims;

  constructor(rig: BenchRig, service: BenchService) {
    this.#rig = rig;
    this.#service = service;
    this.victims = [
      { name: 'service', kill: () => service.kill(), start: () => service.startAgain() },
    ];
  }

  async send(plan: SendPlan): Promise<SenderFigures> {
    const { deviceId, figures } = await linkDrain(this.#rig.folder, this.#service, plan);
    this.#devices.push(deviceId);
    return figures;
  }

  /** Feeders sign the address of their service, so one behind a line is another service. */
  async sendCounted(plan: SendPlan): Promise<number> {
    let url = '';
    const line = await delayedWire(() => url, 0);
    const service = await this.#rig.service({ CLOUD_PUBLIC_URL: line.url });
    url = service.url;
    const { deviceId } = await linkDrain(this.#rig.folder, service, { ...plan, url: line.url });
    this.#devices.push(deviceId);
    line.close();
    await service.stop();
    return line.bytes();
  }

  /** The answer comes after the commit. */
  async storedMs(_plan: SendPlan, { endedMs }: SenderFigures): Promise<number> {
    return endedMs;
  }

  async stored(): Promise<readonly string[]> {
    const connection = await createConnection(this.#rig.databaseUrl);
    const ids: string[] = [];
    for (const deviceId of this.#devices) {
      const [rows] = await connection.query<RowDataPacket[]>(
        'SELECT body FROM device_event WHERE device_id = ? AND kind = ?',
        [partyToBytes(deviceId), eventKinds['feeding.ended'].number],
      );
      for (const { body } of rows as { body: Buffer }[]) {
        ids.push((JSON.parse(body.toString()) as { feedingId: string }).feedingId);
      }
    }
    await connection.end();
    return ids;
  }

  processes(): Record<string, number> {
    return { service: this.#service.pid, mariadb: this.#rig.servers.mariadb.pid() };
  }

  stop(): Promise<void> {
    return this.#service.stop();
  }
}
