import type { Feeding } from '@cat-feeder/shared';
import { RefusedError, UnreachableError } from '../api-client.ts';
import type { CommandInput } from '../command.ts';
import { waitForFeeding } from '../commands/feed.ts';
import { gramsText } from '../text.ts';
import { bad, type Finding, good, warn } from './finding.ts';

/** Enough to see food fall, little enough for any cat. */
const TEST_GRAMS = 3;
const question = `The motor will turn, and about ${TEST_GRAMS} g of food will fall into the bowl.`;

const emptyFix =
  'Fill the hopper and say so with feeder clear hopper_empty. What may have fallen counts as eaten today.';

/**
 * Serves a small portion, as a person who asks for food does: with the same caps, gaps and faults,
 * and with an entry in the ledger. Asks first.
 */
export async function testMotor(input: CommandInput): Promise<Finding> {
  const { api, io } = input;
  const mayTurn = input.flag('yes') || (await io.ask(`${question} Go on?`));
  if (!mayTurn) return warn('motor', 'not tested', 'Run it again and answer yes, or add --yes.');
  try {
    const wish = { requestId: io.newRequestId(), portionGrams: TEST_GRAMS, petId: null };
    const claimed = await api.post<Feeding>('/feedings', wish);
    return verdictOf(await waitForFeeding(input, claimed));
  } catch (error) {
    if (error instanceof RefusedError) {
      const { code, message, hint } = error.error;
      return warn('motor', `was not turned: ${code}: ${message}`, hint);
    }
    if (error instanceof UnreachableError) {
      return warn('motor', 'not tested: no feeder answers', 'Start the feeder, then try again.');
    }
    throw error;
  }
}

function verdictOf({ result, fault, dose, turns, why }: Feeding): Finding {
  const served = gramsText(dose?.likelyGrams ?? null);
  const found = `${result ?? 'running'}: ${served} in ${Math.round((turns ?? 0) * 100) / 100} turns`;
  if (result === 'served') return good('motor', found);
  // The motor did its work: that nothing fell is how an empty hopper looks.
  if (fault === 'hopper_empty' && turns > 0) {
    return warn('motor', `it turned, and no food came: ${found}`, emptyFix);
  }
  return bad('motor', `${found}. ${why}`, 'Mend what feeder status names, then test it again.');
}
