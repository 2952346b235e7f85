/** What was typed into the grams field, understood or not. */
export type PortionEntry =
  | { readonly kind: 'ok'; readonly portionGrams: number }
  | { readonly kind: 'not-a-number' }
  | { readonly kind: 'too-small' | 'too-big'; readonly limitGrams: number };

export interface PortionBounds {
  readonly minGrams: number;
  readonly maxGrams: number;
}

/** Reads a typed portion. A decimal comma is as good as a point; tenths are the finest step. */
export function readPortion(text: string, bounds: PortionBounds): PortionEntry {
  const plain = text.trim().replace(',', '.');
  if (!/^\d+(\.\d+)?$/.test(plain)) return { kind: 'not-a-number' };
  const portionGrams = Math.round(Number(plain) * 10) / 10;
  if (portionGrams < bounds.minGrams) return { kind: 'too-small', limitGrams: bounds.minGrams };
  if (portionGrams > bounds.maxGrams) return { kind: 'too-big', limitGrams: bounds.maxGrams };
  return { kind: 'ok', portionGrams };
}

/** One step of a gram up or down, kept inside the bounds; anything unreadable starts at the least. */
export function stepPortion(text: string, step: 1 | -1, bounds: PortionBounds): string {
  const entry = readPortion(text, { minGrams: 0, maxGrams: Number.MAX_SAFE_INTEGER });
  const now = entry.kind === 'ok' ? entry.portionGrams : bounds.minGrams - step;
  const stepped = step > 0 ? Math.floor(now) + 1 : Math.ceil(now) - 1;
  return String(Math.max(bounds.minGrams, Math.min(bounds.maxGrams, stepped)));
}
