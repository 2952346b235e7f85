import { describe, expect, it } from 'vitest';
import { feedingOf } from '../test/fixtures.ts';
import {
  type FeedPress,
  type FeedPressEvent,
  idlePress,
  isUnderWay,
  nextFeedPress,
} from './feed-press.ts';

const press = { requestId: 'r1', portionGrams: 12, expiresAtMs: 10_000 };
const done = feedingOf({ state: 'done', result: 'served' });

const states: Record<FeedPress['kind'], FeedPress> = {
  idle: idlePress,
  sending: { kind: 'sending', ...press },
  running: { kind: 'running', ...press },
  unanswered: { kind: 'unanswered', ...press },
  lost: { kind: 'lost', ...press },
  ended: { kind: 'ended', ...press, feeding: done },
  refused: { kind: 'refused', ...press, why: 'cap', hint: '' },
};

const events = {
  pressed: { kind: 'pressed', press: { ...press, requestId: 'r2' } },
  claimed: { kind: 'feeding', feeding: feedingOf() },
  done: { kind: 'feeding', feeding: done },
  other: { kind: 'feeding', feeding: feedingOf({ requestId: 'other' }) },
  refused: { kind: 'refused', why: 'cap', hint: '' },
  unanswered: { kind: 'unanswered' },
  expired: { kind: 'expired' },
  dismissed: { kind: 'dismissed' },
} as const satisfies Record<string, FeedPressEvent>;

type EventKey = keyof typeof events;
const row = (kind: FeedPress['kind']) =>
  Object.fromEntries(Object.keys(events).map((key) => [key, kind])) as Record<
    EventKey,
    FeedPress['kind']
  >;

const expected: Record<FeedPress['kind'], Record<EventKey, FeedPress['kind']>> = {
  idle: { ...row('idle'), pressed: 'sending' },
  sending: {
    ...row('sending'),
    claimed: 'running',
    done: 'ended',
    refused: 'refused',
    unanswered: 'unanswered',
  },
  running: { ...row('running'), done: 'ended' },
  unanswered: { ...row('unanswered'), claimed: 'running', done: 'ended', expired: 'lost' },
  lost: {
    ...row('lost'),
    pressed: 'sending',
    claimed: 'running',
    done: 'ended',
    dismissed: 'idle',
  },
  ended: { ...row('ended'), pressed: 'sending', dismissed: 'idle' },
  refused: {
    ...row('refused'),
    pressed: 'sending',
    claimed: 'running',
    done: 'ended',
    dismissed: 'idle',
  },
};

const kinds = Object.keys(states) as FeedPress['kind'][];
const keys = Object.keys(events) as EventKey[];
const table = kinds.flatMap((kind) => keys.map((key) => [kind, key] as const));

describe('a press of the Feed button', () => {
  it.each(table)('%s --%s', (kind, key) => {
    expect(nextFeedPress(states[kind], events[key]).kind).toBe(expected[kind][key]);
  });

  it('I1 keeps its request while it is under way', () => {
    for (const kind of kinds) {
      const state = states[kind];
      if (!isUnderWay(state)) continue;
      expect(nextFeedPress(state, events.pressed)).toBe(state);
    }
  });

  it('I2 ends only with what the feeder recorded for this request', () => {
    const ended = nextFeedPress(states.running, events.done);
    expect(ended).toMatchObject({ kind: 'ended', feeding: { requestId: 'r1', result: 'served' } });
  });

  it('I3 never goes back from unanswered to sending by itself', () => {
    for (const key of keys) {
      expect(nextFeedPress(states.unanswered, events[key]).kind).not.toBe('sending');
    }
  });

  it('passes the reason on when the feeder recorded a refusal', () => {
    const refused = feedingOf({ state: 'refused', refusal: 'cap_day', why: 'The day is full.' });
    const next = nextFeedPress(states.unanswered, { kind: 'feeding', feeding: refused });
    expect(next).toMatchObject({ kind: 'refused', why: 'The day is full.' });
  });
});
