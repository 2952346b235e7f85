import type { Fill } from '@cat-feeder/shared';
import { expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { sha256 } from '../storage/event-encoding.ts';
import { sendFill } from './fills.ts';
import { initialLink } from './link.ts';
import type { Turn } from './turn.ts';

/** Eight entries, of which 4 to 6 were given up; the cloud has a gap from 2 on. */
function asked(to: number, from = 2): { readonly body: Fill | undefined; readonly left: number } {
  const { store } = memoryStore();
  const { log, sync } = store;
  while (log.head().seq < 8) store.record('daemon.stopped', { reason: `${log.head().seq}` });
  const hash = log.events.get(0, 6)?.hash ?? Buffer.alloc(0);
  for (const seq of [4, 5, 6]) log.events.remove(0, seq);
  log.gaps.insert({ epoch: 0, from_seq: 4, to_seq: 6, why: 'space', hash });
  const turn: Turn = {
    state: { ...initialLink, phase: 'live', fills: [{ epoch: 0, from, to }] },
    outputs: [],
    context: {
      ...{ store: sync, sha256, random: (n) => new Uint8Array(n), validate: () => null },
      ...{ now: { monoMs: 0, wallMs: 0, tq: 2 }, present: () => ({}), outcomeOf: () => null },
    },
  };
  sendFill(turn);
  const [output] = turn.outputs;
  const body = output?.kind === 'request' ? (output.body as Fill) : undefined;
  return { body, left: turn.state.fills.length };
}

const shapeOf = ({ events }: Fill) => events.map((one) => ('gap' in one ? one.gap : 'entry'));

it('sends the entries that are held up to the end of the gap', () => {
  const { body } = asked(3);
  expect(body).toMatchObject({ first: 2, epoch: 0 });
  expect(body && shapeOf(body)).toEqual(['entry', 'entry']);
  expect(body?.gap_to).toBe(undefined);
});

it('ends with an own gap at the same end, or with one beyond it that it names the end for', () => {
  const same = asked(6).body;
  expect(same && shapeOf(same)).toEqual(['entry', 'entry', [4, 6]]);
  expect(same?.gap_to).toBe(undefined);
  const beyond = asked(5).body;
  expect(beyond && shapeOf(beyond)).toEqual(['entry', 'entry', [4, 6]]);
  expect(beyond).toMatchObject({ first: 2, gap_to: 5 });
});

it('gives up a gap of which nothing is held', () => {
  expect(asked(6, 4)).toEqual({ body: undefined, left: 0 });
});
