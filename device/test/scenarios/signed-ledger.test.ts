import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DAY_MS, type LedgerPage, type LedgerVerify } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import { DeviceIdentity } from '../../src/cloud/device-identity.ts';
import { testDir } from '../contracts/store-fixture.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

const verifier = resolve(import.meta.dirname, '../../../scripts/verify-ledger.ts');

it('signs its ledger once a day, and gives it away as a file that anybody can check', async () => {
  const dir = testDir();
  const key = DeviceIdentity.open(join(dir, 'identity.json'), 'board');
  const feeder = await VirtualFeeder.start({ key });
  for (let day = 0; day < 3; day++) {
    await feeder.ask('PATCH', '/settings', { name: `Day ${day}` });
    await feeder.pass(DAY_MS);
  }
  const page = (await feeder.ask('GET', '/ledger?limit=100')).data as LedgerPage;
  const signed = page.items.filter(({ kind }) => kind === 'ledger.signed');
  expect(signed.length).toBe(3);
  const verified = (await feeder.ask('POST', '/ledger/verify')).data as LedgerVerify;
  expect(verified).toMatchObject({ ok: true, key: key.publicKey.x });

  const path = join(dir, 'ledger.ndjson');
  writeFileSync(path, await (await feeder.fetch('GET', '/ledger/file')).bytes());
  const check = spawnSync(process.execPath, [verifier, path, `--key=${key.publicKey.x}`, '--json']);
  expect(JSON.parse(check.stdout.toString())).toMatchObject({ verdict: 0, problems: [], heads: 3 });
});
