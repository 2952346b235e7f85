import {
  type Keywords,
  MealInputSchema,
  MealPatchSchema,
  OverlayInputSchema,
  PetInputSchema,
  SettingsPatchSchema,
} from '@cat-feeder/shared';
import { Validator } from '@cfworker/json-schema';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { inputSchema } from './openapi.ts';

/** Whether the published schema takes a value, by a validator that is not ours, and whether we do. */
function judges(schema: v.GenericSchema) {
  const validator = new Validator(inputSchema(schema) as Keywords, '2020-12', false);
  return (value: unknown) => ({
    published: validator.validate(value).valid,
    taken: v.safeParse(schema, value).success,
  });
}

const pet = (fields: object) => ({ name: 'Mia', ...fields });
const meal = (fields: object) => ({ time: '07:30', portionGrams: 5, ...fields });
const emoji = (count: number) => '🐈'.repeat(count);
const judgeOf = {
  pet: judges(PetInputSchema),
  meal: judges(MealInputSchema),
  change: judges(MealPatchSchema),
  overlay: judges(OverlayInputSchema),
  settings: judges(SettingsPatchSchema),
};

type Row = readonly [what: string, schema: keyof typeof judgeOf, value: unknown, fits: boolean];
const rows: readonly Row[] = [
  ['a plain name', 'pet', pet({}), true],
  ['60 emoji', 'pet', pet({ name: emoji(60) }), true],
  ['100 emoji', 'pet', pet({ name: emoji(100) }), true],
  ['101 emoji', 'pet', pet({ name: emoji(101) }), false],
  ['100 letters', 'pet', pet({ name: 'x'.repeat(100) }), true],
  ['101 letters', 'pet', pet({ name: 'x'.repeat(101) }), false],
  ['101 with the blanks', 'pet', pet({ name: ` ${'x'.repeat(99)} ` }), false],
  ['60 letters with their accents apart', 'pet', pet({ name: 'e\u0301'.repeat(60) }), false],
  ['blanks around', 'pet', pet({ name: '  Mia ' }), true],
  ['no name', 'pet', pet({ name: '' }), false],
  ['a tab', 'pet', pet({ name: 'a\tb' }), false],
  ['a line end behind', 'pet', pet({ name: 'Mia\n' }), false],
  ['zero', 'pet', pet({ name: 'a\u0000b' }), false],
  ['an escape', 'pet', pet({ name: '\u001b[2J' }), false],
  ['a C1 control', 'pet', pet({ name: 'a\u0085b' }), false],
  ['text turned round', 'pet', pet({ name: '\u202eevil' }), false],
  ['half a character', 'pet', pet({ name: 'a\ud800' }), false],
  ['an empty note', 'pet', pet({ note: '' }), true],
  ['a note of 500 emoji', 'pet', pet({ note: emoji(500) }), true],
  ['a note of 501 emoji', 'pet', pet({ note: emoji(501) }), false],
  ['a note of two lines', 'pet', pet({ note: 'a\nb' }), false],
  ['a number as a name', 'pet', pet({ name: 7 }), false],
  ['too heavy', 'pet', pet({ bodyKg: 25.01 }), false],
  ['no weight', 'pet', pet({ bodyKg: null }), true],
  ['another field', 'pet', pet({ colour: 'black' }), false],
  ['all days', 'meal', meal({ weekdays: [7, 6, 5, 4, 3, 2, 1] }), true],
  ['one day three times', 'meal', meal({ weekdays: [1, 1, 1] }), false],
  ['a day twice, in a change', 'change', { weekdays: [1, 2, 1] }, false],
  ['no day', 'meal', meal({ weekdays: [] }), false],
  ['an eighth day', 'meal', meal({ weekdays: [1, 8] }), false],
  ['half a day', 'meal', meal({ weekdays: [1.5] }), false],
  ['eight days', 'meal', meal({ weekdays: [1, 2, 3, 4, 5, 6, 7, 1] }), false],
  ['a portion of 0.9 g', 'meal', meal({ portionGrams: 0.9 }), false],
  ['a portion of 150 g', 'meal', meal({ portionGrams: 150 }), true],
  ['a portion as text', 'meal', meal({ portionGrams: '5' }), false],
  ['24 o’clock', 'meal', meal({ time: '24:00' }), false],
  ['far from the sun', 'meal', meal({ time: { sun: 'sunset', offsetMinutes: 241 } }), false],
  ['near the sun', 'meal', meal({ time: { sun: 'sunset', offsetMinutes: -240 } }), true],
  ['an empty change', 'change', {}, true],
  ['a pause before 2000', 'overlay', { kind: 'pause', untilMs: 0 }, false],
  ['a pause with a tab', 'overlay', { kind: 'pause', untilMs: 1.8e12, note: '\t' }, false],
  ['half a millisecond', 'overlay', { kind: 'pause', untilMs: 1.8e12 + 0.5 }, false],
  ['another overlay', 'overlay', { kind: 'feast' }, false],
  ['a feeder of 60 emoji', 'settings', { name: emoji(60) }, true],
  ['a zone of one word', 'settings', { zone: 'Berlin' }, false],
];

/** What JSON Schema cannot say: the published schema takes it, the feeder says why it does not. */
const beyond: readonly (readonly [string, keyof typeof judgeOf, unknown])[] = [
  ['blanks only', 'pet', pet({ name: '   ' })],
  ['a name that cannot be seen', 'pet', pet({ name: '\u3164' })],
  ['text that grows in its normal form', 'pet', pet({ name: '\u0958'.repeat(60) })],
  [
    'a day that does not exist',
    'overlay',
    { kind: 'vacation', fromDate: '2026-02-30', toDate: '2026-03-01' },
  ],
  ['an unknown zone', 'settings', { zone: 'Europe/Atlantis' }],
  ['quiet hours of no length', 'settings', { quietHours: { from: '22:00', to: '22:00' } }],
];

describe('A-42 the published schema and the validation agree', () => {
  it.each(rows)('on %s', (_what, schema, value, fits) => {
    expect(judgeOf[schema](value)).toEqual({ published: fits, taken: fits });
  });

  it.each(beyond)('but on %s, which JSON Schema has no word for', (_what, schema, value) => {
    expect(judgeOf[schema](value)).toEqual({ published: true, taken: false });
  });

  it('on any list of weekdays, and whatever the feeder takes as a name fits the schema', () => {
    const list = fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 9 });
    fc.assert(
      fc.property(list, (weekdays) => {
        const { published, taken } = judgeOf.meal(meal({ weekdays }));
        expect(published).toBe(taken);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (name) => {
        const { published, taken } = judgeOf.pet(pet({ name }));
        expect(published || !taken).toBe(true);
      }),
    );
  });

  it('as the feeder itself publishes it', async () => {
    const response = await new FakeFeeder().request('GET', '/api/v1/openapi.json');
    const text = JSON.stringify(await response.json());
    expect(text).toContain('"uniqueItems":true');
    expect(text).toContain('"maxLength":100,"pattern":"^[^\\\\p{Cc}');
  });
});
