import type { Feeding } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import type { BeginAnswer, FeedCommand } from '../feeding/feed-command.ts';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { CloudCommands } from './cloud-commands.ts';

const feeding = (part: Partial<Feeding>) =>
  ({ id: 'f', state: 'done', fault: null, ...part }) as Feeding;

function bench(answer: (command: FeedCommand) => BeginAnswer, book: readonly Feeding[] = []) {
  const clock = new VirtualClock();
  const begun: FeedCommand[] = [];
  let stops = 0;
  const commands = new CloudCommands({
    feeding: {
      begin: (command) => {
        begun.push(command);
        return answer(command);
      },
      stops: () => stops,
      stopAll: async () => {
        stops += 1;
      },
    },
    journal: { findByRequestId: (id) => book.find(({ requestId }) => requestId === id) },
    scale: { isKnown: () => true, known: async () => {} },
    hasPet: (id) => id === 'mia',
    clock,
    logger: silentLogger,
  });
  return { clock, commands, begun, stops: () => stops };
}

const ended = (part: Partial<Feeding>) => () => {
  const one = feeding(part);
  return { kind: 'begun', feeding: one, ended: Promise.resolve(one) } as const;
};
const order = { op: 'feed', mg: 12_500, pet: null } as const;

describe('a command of the cloud', () => {
  it('feeds through the one gate, with its id as the key', async () => {
    const { commands, begun, clock } = bench(ended({ result: 'served' }));
    const word = await commands.execute('id', order, clock.monoMs() + 1);
    expect(word).toEqual({ end: 'done', reason: '', feedingId: 'f' });
    expect(begun).toMatchObject([
      { requestId: 'id', cause: 'cloud', portionGrams: 12.5, verdict: null, stopsBefore: 0 },
    ]);
  });

  it.each([
    ['too late', { ...order }, -1, 'late'],
    ['for a pet that is not here', { ...order, pet: 'leo' }, 1, 'pet'],
    ['for less than any portion', { ...order, mg: 1 }, 1, 'portion'],
  ] as const)('%s is refused before the gate', async (_, asked, startIn, reason) => {
    const { commands, begun, clock } = bench(ended({ result: 'served' }));
    const word = await commands.execute('id', asked, clock.monoMs() + startIn);
    expect(word).toEqual({ end: 'refused', reason, feedingId: null });
    expect(begun).toEqual([]);
  });

  it('is refused by what refuses every other feeding', async () => {
    const refusal = { rule: 'day_cap', numbers: {}, remainingGrams: 0, why: '' } as const;
    const { commands, clock } = bench(
      () => ({ kind: 'refused', refusal }) as unknown as BeginAnswer,
    );
    const word = await commands.execute('id', order, clock.monoMs());
    expect(word).toEqual({ end: 'refused', reason: 'day_cap', feedingId: null });
  });

  it.each([
    ['fault', { result: 'failed', fault: 'jam' }, 'jam'],
    ['result', { result: 'short' }, 'short'],
    ['missing result', { result: null }, 'interrupted'],
  ] as const)('that ends with a %s says so', async (_, part, reason) => {
    const { commands, clock } = bench(ended(part));
    const word = await commands.execute('id', order, clock.monoMs());
    expect(word).toEqual({ end: 'failed', reason, feedingId: 'f' });
  });

  it('is said to have failed when the gate itself breaks', async () => {
    const { commands, clock } = bench(() => {
      throw new TypeError('broken');
    });
    expect(await commands.execute('id', order, clock.monoMs())).toMatchObject({ end: 'failed' });
  });

  const failed = { end: 'failed', reason: 'unknown_after_crash' } as const;
  it.each([
    ['that was served', { result: 'served' }, { end: 'done', reason: '' }],
    ['that a crash broke off', { result: 'unknown_after_crash' }, failed],
  ] as const)(
    '%s before the daemon started again is told as it is written down',
    (_, part, word) => {
      const { commands } = bench(ended({}), [feeding({ requestId: 'id', ...part })]);
      expect(commands.outcomeOf('id')).toEqual({ ...word, feedingId: 'f' });
      expect(commands.outcomeOf('other')).toBe(null);
    },
  );

  it('stops what runs', async () => {
    const { commands, stops } = bench(ended({}));
    expect(await commands.execute('id', { op: 'stop' }, 0)).toMatchObject({ end: 'done' });
    expect(stops()).toBe(1);
  });
});
