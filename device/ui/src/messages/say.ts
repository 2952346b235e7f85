import { en } from './en.ts';

/** The name of a text in the catalogue. */
export type MessageKey = keyof typeof en;
export type MessageValues = Readonly<Record<string, string | number>>;

/** The text of a key with its `{names}` filled in; a missing value shows as its name. */
export function say(key: MessageKey, values: MessageValues = {}): string {
  return en[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const plurals = new Intl.PluralRules('en');

/** Texts that come in a form for one and a form for others, without the `.one` or `.other`. */
export type CountedKey = MessageKey extends infer Key
  ? Key extends `${infer Stem}.other`
    ? Stem
    : never
  : never;

/** The form of a text that fits `count`; `{count}` is filled in. */
export function sayCount(stem: CountedKey, count: number, values: MessageValues = {}): string {
  const form = plurals.select(count) === 'one' ? 'one' : 'other';
  return say(`${stem}.${form}` as MessageKey, { ...values, count });
}

/**
 * The text for a code that the feeder sent, such as a fault. A newer feeder may send a code this
 * page does not know: then the code itself stands there, in words.
 */
export function sayCode(family: string, code: string): string {
  const known: Readonly<Record<string, string>> = en;
  return known[`${family}.${code}`] ?? code.replaceAll('_', ' ').replaceAll('.', ' ');
}
