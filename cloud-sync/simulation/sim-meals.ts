import type { DocGroups, DocState } from '@cat-feeder/shared';
import type { SeededRandom } from '../../device/src/platform/random.ts';

/** What a simulated feeder lets fall in 24 hours, whatever the commands. */
export const DAY_MG_MAX = 200_000;
const PLAN_GRAMS_MAX = 260;
const NIGHT_GRAMS_MAX = 40;
const MEALS_MAX = 8;

/** The rules of a plan: some need one group, some two, some all documents. */
export function validateMeal(doc: DocState, docs: readonly DocState[]): string | null {
  const others = docs.filter(({ id, deleted }) => id !== doc.id && !deleted);
  if (others.length >= MEALS_MAX) return 'too many meals';
  const own = gramsOf(doc);
  if (own < 1 || own > 100) return 'portion out of bounds';
  const hour = Number(doc.groups['timing']?.['hour'] ?? 12);
  if (hour < 6 && own > NIGHT_GRAMS_MAX) return 'too much for a night';
  const sum = others.reduce((total, other) => total + gramsOf(other), own);
  return sum > PLAN_GRAMS_MAX ? 'too much for a day' : null;
}

function gramsOf(doc: DocState): number {
  return Number(doc.groups['portion']?.['grams'] ?? 20);
}

/** Groups for a new meal, or for an edit of some of them. */
export function drawGroups(random: SeededRandom, isNew: boolean): DocGroups {
  const groups: DocGroups = {};
  if (isNew || random.chance(0.5)) groups['timing'] = { hour: Math.floor(random.next() * 24) };
  if (isNew || random.chance(0.5)) {
    groups['portion'] = { grams: 5 + Math.floor(random.next() * 70) };
  }
  if (isNew || Object.keys(groups).length === 0) {
    groups['label'] = { name: `meal ${random.uint32() % 1000}` };
  }
  return groups;
}
