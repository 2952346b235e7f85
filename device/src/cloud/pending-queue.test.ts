import type { EventName } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import type { LinkView } from './cloud-link.ts';
import { pendingQueue } from './pending-queue.ts';

const online: LinkView = {
  ...{ state: 'online', waiting: 2, secondsSinceAnswer: 1, why: '' },
  ...{ nextTrySeconds: null, sending: null, cloned: false },
};

function bench() {
  const { store } = memoryStore();
  store.record('daemon.stopped', { reason: 'one' });
  store.record('weight.chunk', { fromMs: 1, everyMs: 1000, firstMg: 1, deltasMg: [] });
  const { epoch, seq } = store.log.head();
  store.write('test', () => store.sync.acknowledge(epoch, seq - 2));
  const asked = (link: Partial<LinkView>, isLinked = true) =>
    pendingQueue({ link: { ...online, ...link }, store: store.sync, isLinked });
  return { store, asked, seq };
}

it('names every entry that is not acknowledged, with why it waits', () => {
  const { asked, seq } = bench();
  const names: [EventName, string][] = [
    ['daemon.stopped', 'next_batch'],
    ['weight.chunk', 'collecting'],
  ];
  const items = names.map(([name, why]) => ({ what: 'entry', name, why }));
  expect(asked({}).items).toMatchObject(items);
  expect(asked({}).items[1]?.id).toBe(`0:${seq}`);
  expect(asked({ sending: { epoch: 0, items: 1 } }).items.map(({ why }) => why)).toEqual([
    'under_way',
    'collecting',
  ]);
});

it.each([
  ['no_connection', { state: 'resting' as const, nextTrySeconds: 7 }, true],
  ['refused', { state: 'local' as const, nextTrySeconds: 3000 }, true],
  ['connecting', { state: 'connecting' as const }, true],
  ['off', { state: 'off' as const }, true],
  ['unclaimed', { state: 'off' as const }, false],
])('says %s of all of them', (why, link, isLinked) => {
  const { asked } = bench();
  const queue = asked(link, isLinked);
  expect(new Set(queue.items.map((one) => one.why))).toEqual(new Set([why]));
  expect(queue.nextTrySeconds).toBe('nextTrySeconds' in link ? link.nextTrySeconds : null);
});

it('shows commands first, and the first fifty of many entries', () => {
  const { store, asked } = bench();
  for (let n = 0; n < 80; n++) store.record('daemon.stopped', { reason: `${n}` });
  const id = '5'.repeat(26);
  const order = { op: 'feed', mg: 5000, pet: null } as const;
  const command = { id, nonce: 'AAAAAAAAAAA', order, notAfterMs: 9 };
  store.write('test', () => store.sync.putCommand({ ...command, state: 'claiming' }));
  const { items } = asked({ waiting: 82 });
  expect(items[0]).toEqual({ what: 'command', id, name: 'feed', atMs: null, why: 'asking' });
  expect(items).toHaveLength(51);
  store.write('test', () => store.sync.putCommand({ ...command, state: 'executing' }));
  expect(asked({ state: 'resting' }).items[0]?.why).toBe('executing');
});
