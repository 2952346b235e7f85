import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clipOf } from '../../test/support/clip-fixtures.ts';
import { ClipDirectory } from './clip-directory.ts';

const id = '01h00000000000000000000000';
const other = '01h00000000000000000000001';
let folder = '';
let dir = '';
let files: ClipDirectory;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-clips-'));
  dir = join(folder, 'clips');
  files = new ClipDirectory(dir);
  await files.sweep();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Unfinished files of a clip with a video of so many bytes. */
function write(name: string, bytes: number): void {
  const work = files.work(name);
  writeFileSync(work.video, 'v'.repeat(bytes));
  writeFileSync(work.pictures.thumbnail, 'p');
}

describe('the directory of clips', () => {
  it('shows a clip only when it is published, and whole', async () => {
    write(id, 100);
    expect(await files.list()).toEqual([]);
    expect(files.path(id, 'video')).toBeNull();
    await files.publish(clipOf({ id }));
    expect(await files.list()).toEqual([{ id, videoBytes: 100, pictures: ['thumbnail'] }]);
    expect(files.path(id, 'video')).toBe(join(dir, `${id}.mp4`));
    expect(files.path(id, 'before')).toBeNull();
    const recordBytes = JSON.stringify(clipOf({ id })).length;
    expect((await files.space()).usedBytes).toBe(101 + recordBytes);
  });

  it('says of a clip what it is, until it is disowned', async () => {
    const clip = clipOf({ id, petIds: [other], rank: 'failed_feeding' });
    write(id, 100);
    expect(await files.record(id)).toBeNull();
    await files.publish(clip);
    expect(await new ClipDirectory(dir).record(id)).toEqual(clip);
    const said = readFileSync(join(dir, `${id}.json`), 'utf8');
    for (const text of [
      '',
      '{',
      '{}',
      'null',
      said.replace(id, other),
      said + ' '.repeat(70_000),
    ]) {
      writeFileSync(join(dir, `${id}.json`), text);
      expect(await files.record(id)).toBeNull();
    }
    writeFileSync(join(folder, 'elsewhere.json'), said);
    rmSync(join(dir, `${id}.json`));
    symlinkSync(join(folder, 'elsewhere.json'), join(dir, `${id}.json`));
    expect(await files.record(id)).toBeNull();
    await files.disown(id);
    await files.disown(id);
    expect(await files.record(id)).toBeNull();
    expect(await files.list()).toMatchObject([{ id, videoBytes: 100 }]);
    expect(readFileSync(join(folder, 'elsewhere.json'), 'utf8')).toBe(said);
  });

  it('removes everything of a clip and nothing else, and may be asked again', async () => {
    for (const name of [id, other]) {
      write(name, 10);
      await files.publish(clipOf({ id: name }));
    }
    write(id, 5);
    await files.remove(id);
    await files.remove(id);
    expect(readdirSync(dir).every((name) => name.startsWith(other))).toBe(true);
    expect(readdirSync(dir)).toHaveLength(3);
  });

  it('FMEA-57 sweeps away what is unfinished, and nothing that is not its own', async () => {
    write(id, 10);
    await files.publish(clipOf({ id }));
    write(other, 10);
    writeFileSync(join(dir, `${other}.before.jpg`), 'of no video');
    const foreign = ['notes.txt', 'film.mp4', 'x.part', `${id}.mp4.bak`, `${other}.thumb.jpg`];
    for (const name of foreign) writeFileSync(join(dir, name), 'somebody’s');
    const folders = ['folder', `${other}.after.jpg`];
    for (const name of folders) mkdirSync(join(dir, name));
    writeFileSync(join(dir, 'folder', `${other}.mp4.part`), 'somebody’s');
    symlinkSync(join(dir, 'notes.txt'), join(dir, `${other}.after.jpg.part`));
    writeFileSync(join(dir, `${other}.json`), 'of no video either');
    expect(await files.sweep()).toBe(4);
    expect(readdirSync(dir).sort()).toEqual(
      [
        ...[`${id}.mp4`, `${id}.json`, `${id}.thumbnail.jpg`, `${other}.after.jpg.part`],
        ...[...foreign, ...folders],
      ].sort(),
    );
    expect(readdirSync(join(dir, 'folder'))).toHaveLength(1);
  });

  it('FMEA-60 counts nothing as its own that somebody else put there', async () => {
    write(id, 10);
    await files.publish(clipOf({ id }));
    writeFileSync(join(dir, 'film.mp4'), 'x'.repeat(5000));
    symlinkSync(join(dir, 'film.mp4'), join(dir, `${other}.mp4`));
    const recordBytes = JSON.stringify(clipOf({ id })).length;
    expect((await files.space()).usedBytes).toBe(11 + recordBytes);
    expect(await files.list()).toMatchObject([{ id }]);
  });

  it('FMEA-59 touches nothing through a link in its place, and says so', async () => {
    const usb = join(folder, 'usb');
    mkdirSync(join(usb, 'photos'), { recursive: true });
    writeFileSync(join(usb, `${id}.mp4`), 'v');
    writeFileSync(join(usb, `${id}.before.jpg.part`), 'p');
    rmSync(dir, { recursive: true });
    symlinkSync(usb, dir);
    const attempts = [files.sweep(), files.space(), files.list(), files.remove(id)];
    for (const result of await Promise.allSettled([...attempts, files.publish(clipOf({ id }))])) {
      expect(result).toMatchObject({
        reason: { code: 'ERR_STORAGE', message: expect.stringContaining('clips is a link') },
      });
    }
    expect(files.path(id, 'video')).toBeNull();
    expect(readdirSync(usb)).toHaveLength(3);
  });

  const tricks = [
    '',
    '.',
    '..',
    '../secret',
    `${id}/../../secret`,
    `${id}\n`,
    `${id}.mp4`,
    '%2e%2e',
    id.toUpperCase(),
    `${id}\0`,
  ];
  it.each(tricks)('FMEA-59 is not led elsewhere by the name %j', async (name) => {
    writeFileSync(join(folder, 'secret'), 'mine');
    expect(files.path(name, 'video')).toBeNull();
    expect(() => files.work(name)).toThrow(FeederError);
    await expect(files.remove(name)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    await expect(files.publish(clipOf({ id: name }))).rejects.toMatchObject({
      code: 'ERR_NOT_FOUND',
    });
    expect(existsSync(join(folder, 'secret'))).toBe(true);
  });

  it('FMEA-59 follows no link out of the directory', async () => {
    writeFileSync(join(folder, 'secret'), 'mine');
    symlinkSync(join(folder, 'secret'), join(dir, `${id}.mp4`));
    expect(files.path(id, 'video')).toBeNull();
    await files.remove(id);
    expect(existsSync(join(folder, 'secret'))).toBe(true);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('tells what the disk refuses', async () => {
    await expect(files.publish(clipOf({ id }))).rejects.toMatchObject({ code: 'ERR_STORAGE' });
    writeFileSync(join(folder, 'file'), '');
    const nowhere = new ClipDirectory(join(folder, 'file', 'clips'));
    await expect(nowhere.space()).rejects.toMatchObject({ code: 'ERR_STORAGE' });
  });
});
