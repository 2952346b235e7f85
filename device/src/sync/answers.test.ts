import { BatchAnswerSchema, syncRefusalNames, syncRefusals } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { readAnswer } from './answers.ts';

const ack = { ack: { epoch: 1, seq: 5, hash: 'AAAAAAAAAAA' } };

describe('an answer', () => {
  it('is believed when it fits its schema', () => {
    expect(readAnswer(BatchAnswerSchema, { status: 200, body: ack })).toEqual({
      kind: 'ok',
      body: { ...ack, next_ms: 0 },
    });
  });

  it.each(syncRefusalNames)('%s is a refusal under its own status only', (err) => {
    const { status, reaction } = syncRefusals[err];
    const refusal = readAnswer(BatchAnswerSchema, { status, body: { err } });
    expect(refusal).toMatchObject({ kind: 'refused', refusal: err, reaction });
    expect(readAnswer(BatchAnswerSchema, { status: 418, body: { err } }).kind).toBe('noise');
    expect(readAnswer(BatchAnswerSchema, { status: 200, body: { err } }).kind).toBe('noise');
  });

  it.each([
    ['a page of a portal', 200, undefined],
    ['a portal with JSON', 200, { ok: true }],
    ['a redirection', 302, undefined],
    ['a login', 401, { error: 'login' }],
    ['somebody who forbids', 403, undefined],
    ['somebody who knows nothing', 404, 'no such page'],
    ['a proxy without a server', 502, undefined],
    ['no answer', 0, undefined],
    ['an unknown refusal', 409, { err: 'later_version' }],
  ])('of %s is noise', (_, status, body) => {
    expect(readAnswer(BatchAnswerSchema, { status, body }).kind).toBe('noise');
  });

  it('may say when to come again, in its head or its body', () => {
    const inBody = { status: 503, body: { err: 'overloaded', retry_after_s: 7 } };
    expect(readAnswer(BatchAnswerSchema, inBody)).toMatchObject({ retryAfterMs: 7000 });
    expect(readAnswer(BatchAnswerSchema, { ...inBody, retryAfterMs: 9 })).toMatchObject({
      retryAfterMs: 9,
    });
  });
});
