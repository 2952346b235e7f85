import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudSide, FeederSide } from './both-databases.ts';
import { type CampaignReport, runCampaign } from './campaign.ts';
import { wireFaults } from './fault-wire.ts';
import { judge, type Seen } from './judge.ts';
import { partKinds } from './kill-rig.ts';

/*
 * The short form of `npm run test:sync-kills`: every part is killed at least once, and every fault
 * of the wire meets something. Then the judge itself: what it looked at, with one thing changed.
 */
const folder = mkdtempSync(join(tmpdir(), 'feeder-kills-'));
const KILLS = 8;
let report: CampaignReport;

beforeAll(async () => {
  const options = { folder, kills: KILLS, seed: 7, feeders: 1, entry: 'source' as const };
  report = await runCampaign({ ...options, say: () => {} });
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a feeder and its cloud that are killed over a bad wire', () => {
  it('lose nothing, double nothing and agree at rest', () => {
    expect(report.violations).toEqual([]);
    expect(report.events).toBeGreaterThan(20);
  });

  it('were hit by every kill and every fault', () => {
    for (const kind of partKinds) expect([kind, report.kills[kind]]).not.toEqual([kind, 0]);
    for (const fault of wireFaults) expect([fault, report.wire[fault]]).not.toEqual([fault, 0]);
  });
});

describe('the judge', () => {
  const [event, last] = [0, -1];
  const cases: [rule: string, change: (seen: Seen) => Partial<Seen>][] = [
    ['U1', ({ cloud }) => ({ cloud: { ...cloud, events: cloud.events.toSpliced(3, 1) } })],
    ['U2', ({ cloud }) => ({ cloud: { ...cloud, events: twice(cloud) } })],
    ['U3', ({ feeder }) => ({ feeder: { ...feeder, events: feeder.events.slice(0, last) } })],
    ['U6', ({ cloud }) => ({ cloud: { ...cloud, events: bent(cloud, event) } })],
    ['U7', ({ feeder }) => ({ feeder: { ...feeder, epochs: ahead(feeder) } })],
    ['U3', ({ promises }) => ({ promises: { ...promises, feedings: new Set(['load-x']) } })],
    ['C3', ({ promises }) => ({ promises: { ...promises, commands: new Set(['1'.repeat(26)]) } })],
    ['C4', () => ({ dayGramsMax: 0 })],
    ['C1', ({ feeder }) => ({ feeder: { ...feeder, feedings: fedTwice(feeder) } })],
    ['D2', ({ promises }) => ({ promises: { ...promises, wishes: new Set(['1'.repeat(26)]) } })],
    ['D3', ({ cloud }) => ({ cloud: { ...cloud, docs: cloud.docs.slice(1) } })],
    ['D4', ({ promises }) => ({ promises: { ...promises, meals: new Set(['1'.repeat(26)]) } })],
    ['D4', ({ promises }) => ({ promises: { ...promises, portions: [999] } })],
    ['S1', ({ cloud }) => ({ cloud: { ...cloud, homes: new Set(['a', 'b']) } })],
  ];
  it.each(cases)('sees a broken %s (case %#)', (rule, change) => {
    const [seen] = report.seen;
    if (seen === undefined) return expect.unreachable('there was a feeder');
    expect(judge({ ...seen, ...change(seen) }).map((one) => one.split(':')[0])).toContain(rule);
  });
});

function twice({ events }: CloudSide): CloudSide['events'] {
  const [first] = events;
  return events.map((one, at) => (at === 1 ? { ...one, eid: first?.eid ?? '' } : one));
}

function bent({ events }: CloudSide, at: number): CloudSide['events'] {
  return events.map((one, index) => (index === at ? { ...one, monoMs: one.monoMs + 1 } : one));
}

function ahead({ epochs }: FeederSide): FeederSide['epochs'] {
  return epochs.map((one) => ({ ...one, acked: one.acked + 1 }));
}

function fedTwice({ feedings }: FeederSide): FeederSide['feedings'] {
  const fed = feedings.filter(({ state }) => state !== 'refused');
  return [...feedings, ...fed];
}
