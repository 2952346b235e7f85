import { type CommandOrder, type Feeding, PORTION_GRAMS_MIN } from '@cat-feeder/shared';
import { cloudCommand } from '../feeding/feed-command.ts';
import type { FeedService } from '../feeding/feed-service.ts';
import type { FeedingJournal } from '../feeding/feeding-journal.ts';
import type { FirstReading } from '../feeding/first-reading.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { CommandWord } from '../sync/link-io.ts';

const MG_PER_GRAM = 1000;

export interface CloudCommandsParts {
  readonly feeding: Pick<FeedService, 'begin' | 'stopAll' | 'stops'>;
  readonly journal: Pick<FeedingJournal, 'findByRequestId'>;
  readonly scale: Pick<FirstReading, 'isKnown' | 'known'>;
  readonly hasPet: (petId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Carries out commands of the cloud. The door is the one of every other feeding, with its caps,
 * gaps, faults and quiet hours; the last instant is asked right before it.
 */
export class CloudCommands {
  readonly #parts: CloudCommandsParts;

  constructor(parts: CloudCommandsParts) {
    this.#parts = parts;
  }

  async execute(id: string, order: CommandOrder, startByMonoMs: number): Promise<CommandWord> {
    try {
      if (order.op === 'feed') return await this.#feed(id, order, startByMonoMs);
      await this.#parts.feeding.stopAll();
      return { end: 'done', reason: '', feedingId: null };
    } catch (error) {
      this.#parts.logger.warn({ error }, 'A command of the cloud failed.');
      return { end: 'failed', reason: 'internal', feedingId: null };
    }
  }

  /** How the feeding of a command ended, as it is written down; null: none was begun. */
  outcomeOf(commandId: string): CommandWord | null {
    const feeding = this.#parts.journal.findByRequestId(commandId);
    return feeding === undefined ? null : wordOf(feeding);
  }

  async #feed(
    requestId: string,
    { mg, pet }: Extract<CommandOrder, { op: 'feed' }>,
    startByMonoMs: number,
  ): Promise<CommandWord> {
    const { scale, clock, hasPet, feeding } = this.#parts;
    const stopsBefore = feeding.stops();
    if (!scale.isKnown()) await scale.known();
    if (clock.monoMs() > startByMonoMs) return refusedBy('late');
    if (pet !== null && !hasPet(pet)) return refusedBy('pet');
    const portionGrams = mg / MG_PER_GRAM;
    if (portionGrams < PORTION_GRAMS_MIN) return refusedBy('portion');
    const answer = feeding.begin(
      cloudCommand({ requestId, portionGrams, petId: pet, stopsBefore }),
    );
    if (answer.kind === 'refused') return refusedBy(answer.refusal.rule);
    return wordOf(answer.kind === 'begun' ? await answer.ended : answer.feeding);
  }
}

function refusedBy(rule: string): CommandWord {
  return { end: 'refused', reason: rule, feedingId: null };
}

function wordOf({ id: feedingId, result, fault }: Feeding): CommandWord {
  if (result === 'served') return { end: 'done', reason: '', feedingId };
  return { end: 'failed', reason: fault ?? result ?? 'interrupted', feedingId };
}
