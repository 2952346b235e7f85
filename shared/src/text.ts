import * as v from 'valibot';
import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX } from './limits.ts';

/** Control characters and the invisible marks that reorder or hide text. */
const UNWANTED = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/u;

/** What leaves no mark on a page, whatever its category: a name of these alone is nameless. */
const INVISIBLE = /[\p{Z}\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

function textOf(lengthMin: number, lengthMax: number) {
  return v.pipe(
    v.string(),
    v.maxLength(lengthMax * 4, `must have at most ${lengthMax} characters`),
    v.normalize('NFC'),
    v.trim(),
    v.minLength(lengthMin, 'must not be empty'),
    v.maxLength(lengthMax, `must have at most ${lengthMax} characters`),
    v.check((text) => !UNWANTED.test(text), 'must not contain control characters'),
    v.check(
      (text) => lengthMin === 0 || text.replace(INVISIBLE, '') !== '',
      'must contain something that can be seen',
    ),
  );
}

/** The name of a pet, meal, plan or kibble: 1 to 100 characters, trimmed, one line. */
export const NameSchema = textOf(1, NAME_LENGTH_MAX);
/** A remark: up to 500 characters, one line. */
export const NoteSchema = textOf(0, NOTE_LENGTH_MAX);
