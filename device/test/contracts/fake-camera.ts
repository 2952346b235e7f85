import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CameraView, type Clip, type ClipPicture, FeederError } from '@cat-feeder/shared';
import type { CameraPort, ClipsPort } from '../../src/api/deps.ts';
import { LiveSeats } from '../../src/camera/live-seats.ts';
import type { LiveEvents } from '../../src/platform/live-events.ts';
import { ClipDirectory } from '../../src/storage/clip-directory.ts';
import { clipOf } from '../support/clip-fixtures.ts';
import { MemoryClipCatalogue } from '../support/memory-clip-catalogue.ts';
import { fakeId } from './fake-parts.ts';

/** A camera that sees what a test shows it. */
export class FakeCamera implements CameraPort {
  readonly live = new LiveSeats({ onChange: () => {}, unseen: () => this.unseen });
  /** Why there is nothing to see; null: there is. */
  unseen: string | null = null;
  /** How often a picture was taken. */
  pictures = 0;
  /** Null: there is none. */
  picture: Uint8Array | null = new TextEncoder().encode('a picture');
  state: Partial<CameraView> = {};

  view(): CameraView {
    return {
      state: 'running',
      why: '',
      isRecording: false,
      privacy: null,
      source: 'fake 1280x720 at 15/s',
      encoder: 'libx264',
      ffmpegVersion: '7.1',
      viewers: this.live.count,
      clipCount: 0,
      clipBytes: 0,
      quotaBytes: 1_000_000,
      ...this.state,
    };
  }

  async snapshot(): Promise<Uint8Array> {
    this.pictures += 1;
    if (this.picture === null) throw new FeederError('ERR_CAMERA');
    return this.picture;
  }
}

/** Clips in memory with files in a directory, which is asked for when the first clip comes. */
export class FakeClips implements ClipsPort {
  readonly catalogue = new MemoryClipCatalogue();
  readonly #live: LiveEvents;
  readonly #makeDir: () => string;
  #dir: string | null = null;

  constructor(live: LiveEvents, makeDir: () => string) {
    this.#live = live;
    this.#makeDir = makeDir;
  }

  /** Where the files are. */
  get dir(): string {
    this.#dir ??= this.#makeDir();
    return this.#dir;
  }

  /** A clip with a row and its files. */
  put(video: string | Uint8Array, more: Partial<Clip> = {}): Clip {
    const bytes = Buffer.byteLength(video);
    const clip = clipOf({ id: fakeId(), bytes, ...more });
    this.catalogue.add(clip);
    writeFileSync(join(this.dir, `${clip.id}.mp4`), video);
    for (const picture of clip.pictures) {
      writeFileSync(join(this.dir, `${clip.id}.${picture}.jpg`), `the ${picture}`);
    }
    return clip;
  }

  get(id: string): Clip | undefined {
    return this.catalogue.get(id);
  }

  list(filter: Parameters<ClipsPort['list']>[0]): readonly Clip[] {
    return this.catalogue.list(filter);
  }

  setKeep(id: string, keep: boolean): Clip {
    const clip = this.catalogue.setKeep(id, keep);
    this.#live.publish('clip', clip);
    return clip;
  }

  async remove(id: string): Promise<void> {
    if (this.get(id) === undefined) throw new FeederError('ERR_NOT_FOUND');
    this.catalogue.drop(id, 'person', 'Removed by hand.');
    this.#live.publish('changed', { what: 'clips', id });
    await new ClipDirectory(this.dir).remove(id);
  }

  path(id: string, what: 'video' | ClipPicture): string | null {
    return this.#dir === null ? null : new ClipDirectory(this.#dir).path(id, what);
  }
}
