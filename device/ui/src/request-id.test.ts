import { RequestIdSchema } from '@cat-feeder/shared';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { newRequestId } from './request-id.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a request id', () => {
  it('is a UUID of version 4 with and without randomUUID', () => {
    const insecure = { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => bytes.fill(0xff) };
    for (const id of [newRequestId(crypto), newRequestId(insecure)]) {
      expect(id).toMatch(UUID_V4);
      expect(v.is(RequestIdSchema, id)).toBe(true);
    }
  });

  it('is another one each time', () => {
    const insecure = { getRandomValues: crypto.getRandomValues.bind(crypto) };
    const ids = Array.from({ length: 200 }, () => newRequestId(insecure));
    expect(new Set(ids).size).toBe(200);
  });
});
