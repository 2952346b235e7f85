import { readTopic, topicsOf } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToParty } from '../storage/mysql/row-values.ts';

describe('topics', () => {
  it('carry the first byte of the device', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const id = bytesToParty(bytes);
        const shard = (bytes[0] ?? 0).toString(16).padStart(2, '0');
        expect(topicsOf(id).down).toBe(`cf/1/${shard}/${id}/down`);
      }),
    );
  });

  it('are told apart, and from those of others', () => {
    const id = 'b2'.padEnd(25, 'q').concat('a');
    for (const [kind, topic] of Object.entries(topicsOf(id))) {
      expect(readTopic(topic)).toEqual({ deviceId: id, kind });
    }
    const others = ['', 'cf/1', 'cf/1/00/x/down', `cf/1/ff/${id}/down`, `cf/2/0e/${id}/down`];
    expect(others.map(readTopic)).toEqual(others.map(() => null));
  });
});
