import * as v from 'valibot';
import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX } from './limits.ts';
import { publishedCheck } from './published.ts';

/** One line without control characters and the invisible marks that reorder or hide text. */
const PLAIN_LINE = /^[^\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]*$/u;

/** What leaves no mark on a page, whatever its category: a name of these alone is nameless. */
const INVISIBLE = /[\p{Z}\p{Cc}\p{Cf}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

function isAtMost(lengthMax: number) {
  // A character takes two units at most, so an absurd text is never taken apart.
  return (text: string) => text.length <= 2 * lengthMax && [...text].length <= lengthMax;
}

/** Text as it is sent must fit the published schema; what only the feeder can say comes after. */
function textOf(lengthMin: number, lengthMax: number) {
  const tooLong = `must have at most ${lengthMax} characters`;
  return v.pipe(
    v.string(),
    publishedCheck({ maxLength: lengthMax }, isAtMost(lengthMax), tooLong),
    v.regex(PLAIN_LINE, 'must not contain control characters'),
    v.normalize('NFC'),
    v.trim(),
    v.minLength(lengthMin, 'must not be empty'),
    // A few characters become two or three in the normal form.
    v.check(isAtMost(lengthMax), tooLong),
    v.check(
      (text) => lengthMin === 0 || text.replace(INVISIBLE, '') !== '',
      'must contain something that can be seen',
    ),
  );
}

/** The name of a pet, meal, plan or kibble: 1 to 100 characters (code points), trimmed, one line. */
export const NameSchema = textOf(1, NAME_LENGTH_MAX);
/** A remark: up to 500 characters (code points), one line. */
export const NoteSchema = textOf(0, NOTE_LENGTH_MAX);
