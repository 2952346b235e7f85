import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CameraView, ClipsPage, Feeding, LedgerPage } from '@cat-feeder/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programsThatName } from '../bench/proc-figures.ts';
import { call } from '../crash/feeder-client.ts';
import { DaemonProcess } from '../daemon/daemon-process.ts';

/** The true daemon and FFmpeg, killed while a meal is recorded, and started again on its data. */
const slow = { timeout: 80_000, interval: 100 };
/** Four starts of a daemon with its camera, on a machine that may have all else to do. */
const wholeStory = { timeout: 300_000 };
const POST_ROLL_MS = 1500;

let folder = '';
/** A place in memory of this story's own: what names it in its command line is its camera. */
let memory = '';
let url = '';
let daemon: DaemonProcess | undefined;

/**
 * The FFmpeg of this machine, but that joining segments stops before it has begun, until it is
 * killed: no join is quick enough to be missed, and no machine slow enough to end one too early.
 */
const NEVER_JOINS = {
  ffmpeg: `#!/bin/sh
case "$*" in *"-f concat"*) kill -STOP $$ ;; esac
exec ffmpeg "$@"
`,
  ffprobe: `#!/bin/sh
exec ffprobe "$@"
`,
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-kill-'));
  memory = mkdtempSync('/dev/shm/feeder-kill-');
  mkdirSync(join(folder, 'bin'));
  for (const [name, text] of Object.entries(NEVER_JOINS)) {
    writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 });
  }
  await start();
});
afterEach(async () => {
  await daemon?.end();
  for (const dir of [folder, memory]) rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<void> {
  daemon = new DaemonProcess({
    entry: 'source',
    args: [
      ...['run', '--port', '0', '--data-dir', join(folder, 'data'), '--trust-wall-clock'],
      ...['--simulation-speed', '3'],
    ],
    environment: {
      FEEDER_FFMPEG_PATH: join(folder, 'bin/ffmpeg'),
      FEEDER_CAMERA_SOURCE: 'synthetic',
      FEEDER_CAMERA_SIZE: '640x480',
      FEEDER_CAMERA_FPS: '5',
      FEEDER_CAMERA_PRE_ROLL_MS: '1000',
      FEEDER_CAMERA_POST_ROLL_MS: String(POST_ROLL_MS),
      FEEDER_CAMERA_RING_DIR: memory,
    },
  });
  url = await daemon.ready();
  await expect.poll(async () => (await ask<CameraView>('/camera')).state, slow).toBe('running');
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const { data, code } = await call<T>(url, body === undefined ? 'GET' : 'POST', path, body);
  if (data === undefined) throw new Error(`${path}: ${code}`);
  return data;
}

const programs = () => [memory, folder].flatMap((place) => programsThatName(`${place}/`));
const joins = () => {
  const those = new Set(programsThatName('concat'));
  return programsThatName(join(folder, 'data/clips')).filter((pid) => those.has(pid));
};
const captures = () => programsThatName(`${memory}/`);

/** What the ledger says of the clips of a feeding. */
async function toldOf(feedingId: string) {
  const { items } = await ask<LedgerPage>('/ledger');
  return items
    .filter(({ kind }) => kind === 'clip.recorded' || kind === 'clip.dropped')
    .map(({ kind, body }) => ({ kind, ...(body as { feedingIds: string[]; why?: string }) }))
    .filter(({ feedingIds }) => feedingIds.includes(feedingId));
}

/** Each waits for its instant in the life of a meal's clip. */
const instants: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  'while the meal is served': (id) =>
    expect
      .poll(async () => (await feedingOf(id)).stage, { ...slow, interval: 20 })
      .toMatch(/coarse|fine|settling|verifying/),
  'in the seconds after the meal': (id) => ended(id),
  'while its segments are joined': async (id) => {
    await ended(id);
    await expect.poll(joins, slow).toHaveLength(1);
  },
};
const feedingOf = (id: string) => ask<Feeding>(`/feedings/${id}`);
const ended = (id: string) =>
  expect.poll(async () => (await feedingOf(id)).state, slow).toBe('done');

describe('FMEA-56 a daemon that is killed with its camera at work', () => {
  it('names every clip that was lost, once, and leaves nothing running', wholeStory, async () => {
    await call(url, 'PATCH', '/settings', { manualGapSeconds: 0 });
    const fed: string[] = [];
    for (const [when, instant] of Object.entries(instants)) {
      const requestId = `killed-${fed.length}`;
      const wish = { requestId, portionGrams: 3, cause: 'person' };
      const { id } = await ask<Feeding>('/feedings', wish);
      expect(captures(), when).toHaveLength(1);
      await instant(id);
      await daemon?.end('SIGKILL');
      await expect.poll(programs, slow).toEqual([]);
      fed.push(id);
      await start();
      await expect.poll(() => toldOf(id), slow).toHaveLength(1);
    }
    for (const id of fed) {
      expect(await toldOf(id)).toMatchObject([
        { kind: 'clip.dropped', reason: 'not_made', bytes: null },
      ]);
    }
    expect((await call(url, 'POST', '/ledger/verify')).data).toMatchObject({ ok: true });
    expect((await ask<ClipsPage>('/clips')).items).toEqual([]);
    expect(readdirSync(join(folder, 'data/clips'))).toEqual([]);
    expect(captures()).toHaveLength(1);
    const [place = '', ...others] = readdirSync(memory);
    expect(others).toEqual([]);
    expect(readdirSync(join(memory, place)).length).toBeLessThan(40);
  });
});
