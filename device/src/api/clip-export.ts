import { type Clip, type ClipPicture, type EpochMs, FeederError } from '@cat-feeder/shared';
import { makeZip } from 'client-zip';
import type { Clock } from '../platform/clock.ts';
import { daySpan, localTimeOf } from '../scheduling/local-time.ts';
import type { ClipsPort } from './deps.ts';
import { type ByteSource, pulledStream } from './pulled-stream.ts';
import type { MediaReply } from './route.ts';
import { bytesOf, openStored } from './stored-file.ts';

const PAGE = 100;
/** Ten times what the longest clips, one after the other, make of a day. */
const CLIPS_MAX = 15_000;

/** One entry of the archive. */
interface ZipEntry {
  readonly name: string;
  readonly lastModified: EpochMs;
  readonly input: AsyncIterable<Uint8Array> | string;
}

export interface ClipExportsParts {
  readonly clips: ClipsPort;
  readonly clock: Clock;
  readonly zone: () => string;
}

/**
 * A day's clips as a zip, stored without compression, since video has none left. Nothing is put
 * together beforehand: the archive is read from the clips as it is sent. One at a time, because
 * each reads the disk as fast as it can.
 */
export class ClipExports {
  readonly #parts: ClipExportsParts;
  #isBusy = false;

  constructor(parts: ClipExportsParts) {
    this.#parts = parts;
  }

  /** `ERR_NOT_FOUND` for a day without clips, `ERR_RATE_LIMITED` while another one is read. */
  open(date: string): MediaReply {
    const { clips, clock, zone } = this.#parts;
    const span = daySpan(zone(), date);
    if (clips.list({ ...span, limit: 1 }).length === 0) {
      throw new FeederError('ERR_NOT_FOUND', { message: `There are no clips of ${date}.` });
    }
    if (this.#isBusy) {
      throw new FeederError('ERR_RATE_LIMITED', {
        message: 'Another export is running.',
        hint: 'Wait until it has ended.',
      });
    }
    this.#isBusy = true;
    const source = this.#archive(span);
    return {
      status: 200,
      body: pulledStream(source, clock),
      headers: {
        'content-type': 'application/zip',
        'content-disposition': `attachment; filename="clips-${date}.zip"`,
      },
    };
  }

  #archive(span: { fromMs: EpochMs; toMs: EpochMs }): ByteSource {
    const open = new OpenSources();
    // Made when somebody wants the first piece: it reads ahead at once, also for who asks HEAD only.
    let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
    return {
      next: async () => {
        reader ??= makeZip(this.#entries(span, open)).getReader();
        return (await reader.read()).value ?? null;
      },
      close: async () => {
        this.#isBusy = false;
        await open.close();
        const left = new FeederError('ERR_UNAVAILABLE');
        // What the archive is cancelled with is what it then fails with.
        await reader?.cancel(left).catch((error: unknown) => {
          if (error !== left) throw error;
        });
      },
    };
  }

  /** The day's files, newest clip first, and a list of the clips that they belong to. */
  async *#entries(
    span: { fromMs: EpochMs; toMs: EpochMs },
    open: OpenSources,
  ): AsyncGenerator<ZipEntry> {
    const taken: Clip[] = [];
    for (const clip of this.#clips(span)) {
      const name = `${this.#localTime(clip.startedMs)}_${clip.id}`;
      for (const { what, suffix } of filesOf(clip)) {
        const file = await openStored(this.#parts.clips.path(clip.id, what));
        // Removed since the archive was begun.
        if (file === null) continue;
        const source = bytesOf(file, { fromByte: 0, byteCount: file.sizeBytes });
        // The reader may have left while it was opened.
        if (!(await open.add(source))) return;
        // Nobody wants what is damaged.
        if (what === 'video' && file.sizeBytes !== clip.bytes) {
          await open.release(source);
          break;
        }
        yield { name: name + suffix, lastModified: clip.startedMs, input: piecesOf(source, open) };
        if (what === 'video') taken.push(clip);
      }
    }
    const lastModified = this.#parts.clock.wallMs();
    yield { name: 'clips.json', lastModified, input: JSON.stringify(taken, null, 1) };
  }

  *#clips(span: { fromMs: EpochMs; toMs: EpochMs }): Generator<Clip> {
    let before: string | undefined;
    for (let count = 0; count < CLIPS_MAX; count += PAGE) {
      const cursor = before === undefined ? {} : { before };
      const page = this.#parts.clips.list({ ...span, ...cursor, limit: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      before = page.at(-1)?.id;
    }
  }

  #localTime(ms: EpochMs): string {
    return localTimeOf(this.#parts.zone(), ms).replace(':', '-');
  }
}

function filesOf({ pictures }: Clip): { what: 'video' | ClipPicture; suffix: string }[] {
  const beside = pictures.filter((picture) => picture !== 'thumbnail');
  return [
    { what: 'video', suffix: '.mp4' },
    ...beside.map((what) => ({ what, suffix: `.${what}.jpg` })),
  ];
}

/** Gives the source back when the archive has taken all of it. */
async function* piecesOf(source: ByteSource, open: OpenSources): AsyncGenerator<Uint8Array> {
  for (let piece = await source.next(); piece !== null; piece = await source.next()) yield piece;
  await open.release(source);
}

/** What an archive has open, of which nothing stays open when it ends in the middle. */
class OpenSources {
  readonly #sources = new Set<ByteSource>();
  #isClosed = false;

  /** False: it comes too late, and is closed again. */
  async add(source: ByteSource): Promise<boolean> {
    if (this.#isClosed) await source.close();
    else this.#sources.add(source);
    return !this.#isClosed;
  }

  async release(source: ByteSource): Promise<void> {
    if (this.#sources.delete(source)) await source.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const source of this.#sources) await this.release(source);
  }
}
