import * as v from 'valibot';

/** What an installer needs to know of a setting besides its type, default and bounds. */
export type SettingNotes = {
  /** Unit for people, such as `ms`; null for words and paths. */
  readonly unit: string | null;
  /** Never shown in logs, dumps or the diagnostics. */
  readonly secret: boolean;
  /** Whether a change takes effect only at the next start. */
  readonly restart: boolean;
  /** What it may be, where the schema cannot say it in a few words. */
  readonly values?: string;
};

/** No unit, no secret, in effect at the next start. */
export const plain: SettingNotes = { unit: null, secret: false, restart: true };

/** A whole number in bounds. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.number('must be a number'),
    v.integer('must be a whole number'),
    between(min),
    upTo(max),
  );
const between = (min: number) => v.minValue<number, number, string>(min, `must be at least ${min}`);
const upTo = (max: number) => v.maxValue<number, number, string>(max, `must be at most ${max}`);
/** Text of 1 to so many characters. */
export const words = (lengthMax: number) =>
  v.pipe(v.string('must be text'), v.minLength(1, 'must not be empty'), v.maxLength(lengthMax));
/** One of a few words. */
export const oneOf = <const Words extends readonly string[]>(list: Words) =>
  v.picklist(list, `must be one of ${list.join(', ')}`);
