import { loadBoardIo } from '@cat-feeder/board-io';

/**
 * Who holds a line: the name that the holder gave itself, an empty text when nobody does. Null when
 * it cannot be known: no addon for this machine, no chip, or no right to open it.
 */
export function lineOwner(chip: string, line: number): string | null {
  try {
    const { used, consumer } = loadBoardIo().lineInfo(chip, line);
    return used ? consumer || 'somebody' : '';
  } catch {
    return null;
  }
}
