import type { BoardIo } from '@cat-feeder/board-io';
import { FeederError } from '@cat-feeder/shared';

/**
 * Labels of the chips that carry the header's pins: Pi 5, Pi 4, all others. Chips are never found by
 * number: a Pi 5's was 4 on one kernel and 0 on the next.
 */
export const HEADER_LABELS: readonly string[] = [
  'pinctrl-rp1',
  'pinctrl-bcm2711',
  'pinctrl-bcm2835',
];

/**
 * The path of the header's GPIO chip, on which a line's number is the pin's BCM number. Throws
 * ERR_HARDWARE_FAULT when there is none, or this program may not open it.
 */
export function headerChip(board: BoardIo, labels: readonly string[] = HEADER_LABELS): string {
  const chips = board.listChips();
  const chip = chips.find(({ label }) => labels.includes(label));
  if (chip !== undefined) return chip.path;
  const seen = chips.map(({ label }) => label).join(', ') || 'none';
  throw new FeederError('ERR_HARDWARE_FAULT', {
    message: `No GPIO chip of a Raspberry Pi's header can be opened (found: ${seen}); is the user in the group gpio?`,
  });
}
