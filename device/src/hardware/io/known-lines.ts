import { loadBoardIo } from '@cat-feeder/board-io';

/** The GPIO chips that this program may open; null: the addon does not know, or there are none. */
export function knownChips(): readonly { readonly path: string; readonly label: string }[] | null {
  try {
    const chips = loadBoardIo().listChips();
    return chips.length === 0 ? null : chips.map(({ path, label }) => ({ path, label }));
  } catch {
    // No addon for this machine: what the kernel's files say has to do.
    return null;
  }
}

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
