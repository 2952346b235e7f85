import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';

/** A reader that takes nothing for so long has gone away without saying so. */
const STALL_MS: Milliseconds = 120_000;

/** Where bytes come from, one piece after the other. */
export interface ByteSource {
  /** The next piece; null: that was all. */
  next(): Promise<Uint8Array | null>;
  /** Gives up what it holds; called exactly once, however the stream ends. */
  close(): Promise<void>;
}

/**
 * Bytes as a response body: nothing is read before somebody wants it, and the source is closed at
 * the end, on an error, when the reader leaves, and when it takes nothing for two minutes.
 */
export function pulledStream(source: ByteSource, clock: Clock): ReadableStream<Uint8Array> {
  let isOpen = true;
  let cancelStall: Cancel = () => {};
  const close = async () => {
    cancelStall();
    if (!isOpen) return;
    isOpen = false;
    await source.close();
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        cancelStall = clock.after('stalled reader', STALL_MS, () => stall(controller));
      },
      pull: async (controller) => {
        cancelStall();
        try {
          const piece = isOpen ? await source.next() : null;
          if (piece === null) {
            await close();
            controller.close();
            return;
          }
          controller.enqueue(piece);
        } catch (error) {
          await close();
          throw error;
        }
        cancelStall = clock.after('stalled reader', STALL_MS, () => stall(controller));
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );

  function stall(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const message = 'The reader took nothing for two minutes.';
    controller.error(new FeederError('ERR_UNAVAILABLE', { message }));
    void close();
  }
}
