import type { Feeding, FeedRequest } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import { FeedDoorway } from './feed-doorway.ts';

const request: FeedRequest = { requestId: 'r1', portionGrams: 5, petId: null, cause: 'person' };

function doorway(isKnown: boolean) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const served: string[] = [];
  const door = new FeedDoorway({
    feeding: {
      feed: ({ requestId }) => {
        served.push(requestId);
        return { feeding: { id: requestId } as Feeding, created: true };
      },
      cancel: async () => ({ id: 'r1' }) as Feeding,
      stopAll: async () => {},
      running: () => null,
    },
    scale: { isKnown: () => isKnown, known: () => promise },
  });
  return { door, served, speak: resolve };
}

it('asks at once where the scale has spoken', () => {
  const { door, served } = doorway(true);
  void door.feed(request);
  expect(served).toEqual(['r1']);
});

it('waits for the first word of the scale, then asks', async () => {
  const { door, served, speak } = doorway(false);
  const answer = door.feed(request);
  expect(served).toEqual([]);
  speak();
  expect(await answer).toMatchObject({ created: true });
});

it('I4 a stop in between ends the wish', async () => {
  const { door, served, speak } = doorway(false);
  const answer = door.feed(request);
  await door.stopAll();
  speak();
  await expect(answer).rejects.toMatchObject({ code: 'ERR_REFUSED' });
  expect(served).toEqual([]);
  await door.feed({ ...request, requestId: 'r2' });
  expect(served).toEqual(['r2']);
});
