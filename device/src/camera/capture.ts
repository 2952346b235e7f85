import type { EpochMs, Milliseconds } from '@cat-feeder/shared';

/** About one second of video, finished: a file of its own in memory, never written to again. */
export interface Segment {
  /** Where it is; only its owner, the source, and the maker of clips look inside. */
  readonly path: string;
  readonly bytes: number;
  readonly durationMs: Milliseconds;
  /** When its last picture was written, on both clocks; the wall clock's is the file's own time. */
  readonly endedMonoMs: Milliseconds;
  readonly endedWallMs: EpochMs;
  /** Segments of one format can be joined without encoding them again; others cannot. */
  readonly format: string;
}

/** What a child tells. Nothing is told after `onEnd`. */
export interface CaptureWatch {
  onSegment(segment: Segment): void;
  /** Pictures encoded since the child began; repeated though it does not grow. */
  onFrames(frames: number): void;
  /** Exactly once: the child and everything that it started are gone. `why` is its last words. */
  onEnd(why: string): void;
}

/** One running child process, with a process group of its own. */
export interface CaptureProcess {
  /** Asks it to end. */
  terminate(): void;
  /** Ends it and its whole group at once. */
  kill(): void;
}

/** What the look at the tools found. */
export type Readiness =
  | { readonly kind: 'ready'; readonly encoder: string; readonly ffmpegVersion: string }
  /** `why` says what is wrong and what the owner can do. */
  | { readonly kind: 'unusable'; readonly why: string };

/** Where pictures come from. Its children write segments of one second into memory. */
export interface CameraSource {
  /** For people: `synthetic 1280x720 at 15/s`. */
  readonly name: string;
  /** Looks at the tools, chooses the encoder; each look is limited in time. Never rejects. */
  probe(): Promise<Readiness>;
  /** Starts a child; a child that cannot be started ends at once. One at a time. */
  open(watch: CaptureWatch): CaptureProcess;
  /** Forgets a segment's file. Never throws; a file that is gone is no error. */
  discard(segment: Segment): void;
  /** Gives back its place in memory; no child may run. */
  close(): void;
}
