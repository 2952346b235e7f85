import type { ClipPart, Milliseconds } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import type { ClipInput, ClipOutput, UnsentClip } from './clip-io.ts';
import { initialClipSending, stepClips } from './clip-sending.ts';

const clip = (n: number): UnsentClip => ({
  id: `01kcq2v8n3e8b6r5x4w7t9000${n}`,
  bytes: 9_000_000,
  sha256: 'ab'.repeat(32),
  feedingIds: [],
});
const parts: readonly ClipPart[] = [1, 2].map((n) => ({ n, url: `https://s3/${n}`, headers: {} }));
const open = { state: 'open', part_bytes: 8_388_608, expires_s: 900 };

/** The core with its surroundings by hand. */
class Bench {
  readonly conditions = { isWanted: true, isOnline: true, isBusy: false, isWatched: true };
  readonly sent: string[] = [];
  clips = [clip(1)];
  nowMs: Milliseconds = 0;
  #state = initialClipSending;

  take(input: ClipInput = { kind: 'look' }): readonly ClipOutput[] {
    const queue = {
      next: (aside: ReadonlySet<string>) => this.clips.find(({ id }) => !aside.has(id)),
      has: (id: string) => this.clips.some((one) => one.id === id),
      markSent: (id: string) => {
        this.sent.push(id);
        this.clips = this.clips.filter((one) => one.id !== id);
      },
    };
    const random = () => new Uint8Array([128, 0, 0]);
    const context = { queue, conditions: this.conditions, monoMs: this.nowMs, random };
    const { state, outputs } = stepClips(this.#state, input, context);
    this.#state = state;
    return outputs.filter(({ kind }) => kind !== 'wake');
  }

  kinds(input?: ClipInput): string[] {
    return this.take(input).map(({ kind }) => kind);
  }

  answer(body: unknown, status = 200): readonly ClipOutput[] {
    return this.take({ kind: 'answer', id: this.#state.lastId, status, body });
  }

  read(): readonly ClipOutput[] {
    const digest = { sha256: 'ab'.repeat(32), md5s: ['c'.repeat(32), 'd'.repeat(32)] };
    return this.take({ kind: 'read', clipId: clip(1).id, digest });
  }

  /** To the first part under way. */
  sending(): readonly ClipOutput[] {
    this.take();
    this.read();
    return this.answer({ ...open, parts });
  }

  get why(): string {
    return this.#state.why;
  }
}

describe('the sending of clips', () => {
  it('goes from a clip to its mark, part by part', () => {
    const bench = new Bench();
    expect(bench.take()).toEqual([{ kind: 'read', clipId: clip(1).id }]);
    expect(bench.read()).toMatchObject([{ kind: 'request', body: { bytes: 9_000_000 } }]);
    expect(bench.answer({ ...open, parts })).toMatchObject([
      { kind: 'send', from: 0, bytes: 8_388_608, md5: 'c'.repeat(32) },
    ]);
    const { id: clipId } = clip(1);
    expect(bench.take({ kind: 'sent', clipId, n: 1, status: 200 })).toMatchObject([
      { kind: 'send', from: 8_388_608, bytes: 611_392, md5: 'd'.repeat(32) },
    ]);
    expect(bench.kinds({ kind: 'sent', clipId, n: 2, status: 200 })).toEqual(['request']);
    const etags = [
      { n: 1, etag: 'c'.repeat(32) },
      { n: 2, etag: 'd'.repeat(32) },
    ];
    expect(bench.answer({ ...open, parts: [] })).toMatchObject([{ body: { parts: etags } }]);
    expect(bench.sent).toEqual([]);
    bench.answer({ state: 'stored' });
    expect(bench.sent).toEqual([clipId]);
  });

  it('waits up to a quarter of an hour when nobody watches, and not when it is switched on', () => {
    const bench = new Bench();
    bench.conditions.isWatched = false;
    expect(bench.kinds()).toEqual([]);
    bench.nowMs = 7.4 * 60_000;
    expect(bench.kinds()).toEqual([]);
    bench.nowMs = 7.6 * 60_000;
    expect(bench.kinds()).toEqual(['read']);

    const switched = new Bench();
    Object.assign(switched.conditions, { isWatched: false, isWanted: false });
    expect(switched.kinds()).toEqual([]);
    switched.conditions.isWanted = true;
    expect(switched.kinds()).toEqual(['read']);
  });

  it('K1 ends at once when it is not wanted any more', () => {
    const bench = new Bench();
    bench.sending();
    bench.conditions.isWanted = false;
    expect(bench.kinds()).toEqual(['end']);
    expect(bench.kinds({ kind: 'sent', clipId: clip(1).id, n: 1, status: 200 })).toEqual([]);
    expect(bench.sent).toEqual([]);
  });

  it('K2 leaves the line to entries and feedings, and gives a part up when that takes long', () => {
    const bench = new Bench();
    bench.sending();
    bench.conditions.isBusy = true;
    expect(bench.kinds()).toEqual(['hold']);
    expect(bench.kinds()).toEqual([]);
    bench.conditions.isBusy = false;
    expect(bench.kinds()).toEqual(['go']);
    bench.conditions.isBusy = true;
    expect(bench.kinds()).toEqual(['hold']);
    bench.nowMs += 15_001;
    expect(bench.kinds()).toEqual(['end']);
    expect(bench.kinds()).toEqual([]);
    bench.conditions.isBusy = false;
    expect(bench.take()).toMatchObject([{ kind: 'send', part: { n: 1 } }]);
  });

  it('K4 leaves a clip that fails too often, and goes on with the next', () => {
    const bench = new Bench();
    bench.clips = [clip(1), clip(2)];
    for (let failures = 1; failures <= 5; failures++) {
      expect(bench.take()).toEqual([{ kind: 'read', clipId: clip(1).id }]);
      bench.read();
      const other = [{ kind: 'read', clipId: clip(2).id }];
      expect(bench.answer({ err: 'incomplete' }, 409)).toEqual(failures < 5 ? [] : other);
      bench.nowMs += 600_000;
    }
  });

  it.each([
    ['not_found', 404, 6 * 3_600_000],
    ['revoked', 403, 3_600_000],
    ['rate_limited', 429, 700],
  ])('is quiet for a while after %s, and says why', (err, status, quietMs) => {
    const bench = new Bench();
    bench.take();
    bench.read();
    expect(bench.answer({ err }, status)).toEqual([]);
    expect(bench.why).not.toBe('');
    bench.nowMs += quietMs - 1;
    expect(bench.kinds()).toEqual([]);
    bench.nowMs += 400_000;
    expect(bench.kinds()).toEqual(['read']);
  });

  it('believes nothing that is not the cloud’s', () => {
    const bench = new Bench();
    bench.take();
    bench.read();
    expect(bench.answer('<html>')).toEqual([]);
    expect(bench.sent).toEqual([]);
  });
});
