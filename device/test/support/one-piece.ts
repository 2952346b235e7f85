import type { ByteSource } from '../../src/api/pulled-stream.ts';

/** A text as a source of bytes, in one piece. */
export function onePiece(text: string): ByteSource {
  let left: string | null = text;
  return {
    next: async () => {
      const piece = left;
      left = null;
      return piece === null ? null : Buffer.from(piece);
    },
    close: async () => {
      left = null;
    },
  };
}
