import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  ClipCompleteAnswerSchema,
  ClipCompleteSchema,
  ClipUploadAnswerSchema,
  ClipUploadSchema,
} from './clips.ts';
import { ClaimAnswerSchema, ClaimSchema, DownAnswerSchema, RefusalSchema } from './downlink.ts';
import {
  BatchAnswerSchema,
  BatchSchema,
  FillAnswerSchema,
  FillSchema,
  ForkAnswerSchema,
  ForkSchema,
  HelloAnswerSchema,
  HelloSchema,
} from './uplink.ts';

const folder = join(import.meta.dirname, '../../test/sync-v1');

/** One file for each message of version 1, as a feeder and a service once said it; kept for ever. */
const schemas: Readonly<Record<string, v.GenericSchema>> = {
  'hello.request': HelloSchema,
  'hello.answer': HelloAnswerSchema,
  'batch.request': BatchSchema,
  'batch.answer': BatchAnswerSchema,
  'fork.request': ForkSchema,
  'fork.answer': ForkAnswerSchema,
  'fill.request': FillSchema,
  'fill.answer': FillAnswerSchema,
  'down.answer': DownAnswerSchema,
  'claim.request': ClaimSchema,
  'claim.answer': ClaimAnswerSchema,
  'clip-upload.request': ClipUploadSchema,
  'clip-upload.answer': ClipUploadAnswerSchema,
  'clip-complete.request': ClipCompleteSchema,
  'clip-complete.answer': ClipCompleteAnswerSchema,
  refusal: RefusalSchema,
};

describe('golden messages of version 1', () => {
  it('are one for each message', () => {
    const names = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));
    expect(names.sort()).toEqual(Object.keys(schemas).sort());
  });

  it.each(Object.entries(schemas))('%s is read as it was written', (name, schema) => {
    const message: unknown = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    // Fields that came later have their defaults besides.
    expect(v.parse(schema, message)).toMatchObject(message as object);
  });

  it.each(Object.entries(schemas))('%s may hold fields of later versions', (name, schema) => {
    const message = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    expect(v.is(schema, { ...message, since_later: { a: 1 } })).toBe(true);
  });

  it.each(Object.entries(schemas))('%s is not read without one of its fields', (name, schema) => {
    const message = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const optional = ['now', 'next_ms', 'poke', 'retry_after_s', 'mqtt', 'feed'];
    for (const field of Object.keys(message).filter((one) => !optional.includes(one))) {
      const { [field]: _, ...rest } = message;
      expect(v.is(schema, rest), field).toBe(false);
    }
  });
});
