import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { CameraSource, CaptureProcess, Segment } from '../../src/camera/capture.ts';

/** A source under test, with what its world can do. */
export interface SourceBench {
  readonly source: CameraSource;
  /** Lets so much time pass, on whatever clock the source lives. */
  pass(ms: number): Promise<void>;
  nowMs(): number;
  /** Whether a segment's file is there. */
  exists(segment: Segment): boolean;
  close(): Promise<void> | void;
}

/** Segments of real files. */
export const existsOnDisk = ({ path }: Segment): boolean => existsSync(path);

/** What every camera promises. */
export function describeCameraSource(name: string, makeBench: () => SourceBench): void {
  describe(`the camera source of ${name}`, () => {
    let bench: SourceBench;
    let child: CaptureProcess | null = null;
    const told = { segments: [] as Segment[], frames: [] as number[], ends: [] as string[] };
    const open = () => {
      child = bench.source.open({
        onSegment: (segment) => told.segments.push(segment),
        onFrames: (frames) => told.frames.push(frames),
        onEnd: (why) => told.ends.push(why),
      });
      return child;
    };
    const until = async (isTrue: () => boolean) => {
      for (let step = 0; step < 150 && !isTrue(); step++) await bench.pass(100);
      expect(isTrue()).toBe(true);
    };
    const begin = async () => {
      bench = makeBench();
      told.segments.length = 0;
      told.frames.length = 0;
      told.ends.length = 0;
      expect((await bench.source.probe()).kind).toBe('ready');
      return open();
    };
    afterEach(async () => {
      child?.kill();
      await until(() => told.ends.length > 0);
      bench.source.close();
      await bench.close();
    });

    it('brings segments of about a second, in order, and counts its pictures', async () => {
      await begin();
      await until(() => told.segments.length >= 4);
      for (const segment of told.segments) {
        expect(bench.exists(segment)).toBe(true);
        expect(segment.bytes).toBeGreaterThan(0);
        expect(Math.abs(segment.durationMs - 1000)).toBeLessThan(300);
        expect(segment.endedMonoMs).toBeLessThanOrEqual(bench.nowMs());
      }
      const ends = told.segments.map(({ endedMonoMs }) => endedMonoMs);
      expect(ends).toEqual([...ends].sort((a, b) => a - b));
      expect(new Set(told.segments.map(({ path }) => path)).size).toBe(told.segments.length);
      expect(new Set(told.segments.map(({ format }) => format)).size).toBe(1);
      expect(told.frames).toEqual([...told.frames].sort((a, b) => a - b));
      expect(told.frames.at(-1)).toBeGreaterThan(0);
    }, 30_000);

    it('leaves finished segments alone, and forgets them when it is told to', async () => {
      await begin();
      await until(() => told.segments.length >= 1);
      const [first] = told.segments;
      if (first === undefined) throw new TypeError('No segment.');
      await until(() => told.segments.length >= 3);
      expect(bench.exists(first)).toBe(true);
      bench.source.discard(first);
      expect(bench.exists(first)).toBe(false);
      bench.source.discard(first);
    }, 30_000);

    it('tells an end once, and nothing after it', async () => {
      const capture = await begin();
      await until(() => told.segments.length >= 1);
      capture.terminate();
      await until(() => told.ends.length > 0);
      const count = told.segments.length;
      capture.kill();
      capture.terminate();
      await bench.pass(1500);
      expect([told.ends.length, told.segments.length]).toEqual([1, count]);
    }, 30_000);

    it('opens again after an end', async () => {
      const capture = await begin();
      await until(() => told.segments.length >= 1);
      capture.kill();
      await until(() => told.ends.length > 0);
      told.ends.length = 0;
      const before = told.segments.length;
      open();
      await until(() => told.segments.length > before);
    }, 30_000);
  });
}
