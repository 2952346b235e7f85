import { join } from 'node:path';
import type { CloudView } from '@cat-feeder/shared';
import { ask } from '../own-cloud.ts';
import { OwnDaemon, until } from '../story/own-daemon.ts';

/** A feeder as a process of its own in real time, linked to a home as its owner would do it. */
export async function linkedDaemon(parts: {
  readonly folder: string;
  /** What the feeder knows as its cloud, and where it is. */
  readonly cloudUrl: string;
  readonly memberToken: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<{ daemon: OwnDaemon; deviceId: string }> {
  const { folder, cloudUrl, memberToken, env } = parts;
  const where = { folder: join(folder, 'feeder'), cloudUrl, speed: 1 };
  const daemon = await OwnDaemon.start({ ...where, ...(env === undefined ? {} : { env }) });
  const link = () => daemon.get<CloudView>('/cloud');
  const { code } = await daemon.ask<{ code: string }>('POST', '/cloud/claim');
  await ask(cloudUrl, '/v1/claim/confirm', { token: memberToken, body: { code } });
  const { claim } = await until(link, (view) => view.claim?.account !== null);
  await daemon.ask('POST', '/cloud/agree', { account: claim?.account ?? '' });
  const { device } = await until(link, ({ state, waiting }) => state === 'online' && waiting === 0);
  return { daemon, deviceId: device ?? '' };
}
