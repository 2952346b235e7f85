import { FeederError, type Feeding, type FeedRequest } from '@cat-feeder/shared';
import { refusalCodes } from './feed-checks.ts';
import type { Refusal } from './feed-command.ts';
import type { FinishRecord } from './feeding-journal.ts';

/**
 * What a repeated request gets: the first result, or the first refusal again. Other values under
 * the same id are a mistake.
 */
export function firstAnswer(feeding: Feeding, request: FeedRequest): Feeding {
  const isSame =
    feeding.petId === request.petId &&
    feeding.cause === request.cause &&
    Math.abs(feeding.portionGrams - request.portionGrams) < 0.0005;
  if (!isSame) throw new FeederError('ERR_REQUEST_ID_REUSED');
  if (feeding.refusal === null) return feeding;
  const { refusal: rule, why } = feeding;
  throw refusalError({ rule, numbers: {}, remainingGrams: 0, why }, feeding.id);
}

/** The coded error of a refusal, with its rule and numbers as details. */
export function refusalError(refusal: Refusal, feedingId: string | null): FeederError {
  const details = [
    { path: 'rule', message: refusal.rule },
    ...(feedingId === null ? [] : [{ path: 'feedingId', message: feedingId }]),
    ...Object.entries(refusal.numbers).map(([path, value]) => ({ path, message: String(value) })),
  ];
  return new FeederError(refusalCodes[refusal.rule], { message: refusal.why, details });
}

/** A feeding as its outcome leaves it, for when the disk does not have it yet. */
export function endedFeeding(feeding: Feeding, record: FinishRecord): Feeding {
  const { result, fault, dose, bowlBeforeGrams, bowlAfterGrams, turns, attempts, motorMs, why } =
    record;
  return {
    ...feeding,
    state: 'done',
    stage: 'done',
    result,
    fault,
    dose,
    bowlBeforeGrams,
    bowlAfterGrams,
    turns,
    attempts,
    motorMs,
    why,
    endedAtMs: record.time.wallMs,
  };
}
