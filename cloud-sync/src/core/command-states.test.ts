import { describe, expect, it } from 'vitest';
import type { CommandRow } from './cloud-store.ts';
import { claimOf, endOf } from './command-states.ts';

const row = (part: Partial<CommandRow> = {}): CommandRow => ({
  ...{ commandId: 'c', dseq: 1, state: 'queued', order: { op: 'stop' }, issuedMs: 0 },
  ...{ notAfterMs: 100, nonce: null, claimedMs: null, reason: null },
  ...part,
});

const states: readonly CommandRow['state'][] = [
  'queued',
  'claimed',
  'done',
  'failed',
  'refused',
  'expired',
  'cancelled',
  'unconfirmed',
];

describe('a claim', () => {
  it.each(states)('of a command that is %s', (state) => {
    const mine = row({ state, nonce: state === 'queued' ? null : 'mine' });
    const answers = [100, 101].flatMap((nowMs) =>
      ['mine', 'other'].map((nonce) => {
        const answer = claimOf(mine, { nonce, nowMs });
        return typeof answer === 'string' ? answer : answer.state;
      }),
    );
    const expected: Readonly<Record<string, readonly string[]>> = {
      queued: ['claimed', 'claimed', 'expired', 'expired'],
      claimed: ['claimed', 'taken', 'expired', 'taken'],
      expired: ['expired', 'expired', 'expired', 'expired'],
      cancelled: ['cancelled', 'cancelled', 'cancelled', 'cancelled'],
    };
    expect(answers).toEqual(expected[state] ?? ['taken', 'taken', 'taken', 'taken']);
  });
});

describe('the word of a feeder', () => {
  const word = (state: 'done' | 'failed' | 'refused', nonce: string) => ({
    ...{ commandId: 'c', nonce, state, reason: '', feedingId: null },
  });

  it.each(states)('about a command that is %s', (state) => {
    const isSaid = ['done', 'failed', 'refused'].includes(state);
    const claimed = row({ state, nonce: 'mine' });
    expect(endOf(claimed, word('done', 'mine'))?.state).toBe(isSaid ? undefined : 'done');
    expect(endOf(claimed, word('done', 'other'))).toBe(undefined);
  });

  it('counts without a known claim, unless it only says that nothing happened', () => {
    expect(endOf(row({ state: 'expired' }), word('done', 'any'))?.state).toBe('done');
    expect(endOf(row({ state: 'expired' }), word('refused', 'any'))).toBe(undefined);
  });
});
