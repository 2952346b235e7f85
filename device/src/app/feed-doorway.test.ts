import type { Feeding, FeedRequest } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import { FeedDoorway } from './feed-doorway.ts';

const request: FeedRequest = { requestId: 'r1', portionGrams: 5, petId: null, cause: 'person' };

function doorway(isKnown: boolean) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const served: string[] = [];
  const asked: number[] = [];
  let stops = 0;
  const door = new FeedDoorway({
    feeding: {
      feed: ({ requestId }, stopsBefore = stops) => {
        served.push(requestId);
        asked.push(stops - stopsBefore);
        return { feeding: { id: requestId } as Feeding, created: true };
      },
      cancel: async () => ({ id: 'r1' }) as Feeding,
      stopAll: async () => {
        stops += 1;
      },
      stops: () => stops,
      running: () => null,
    },
    scale: { isKnown: () => isKnown, known: () => promise },
  });
  return { door, served, asked, speak: resolve };
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

it('I4 a wish that waited tells of the stops in between', async () => {
  const { door, asked, speak } = doorway(false);
  const answer = door.feed(request);
  await door.stopAll();
  speak();
  await answer;
  expect(asked).toEqual([1]);
  await door.feed({ ...request, requestId: 'r2' });
  expect(asked).toEqual([1, 0]);
});
