/** Room for the stroke at the edges of the box. */
const INSET = 2;

/** The path of a line through [ms, grams] that fills a box; nothing for fewer than two points. */
export function sparkPath(
  points: readonly (readonly [number, number])[],
  width: number,
  height: number,
): string {
  if (points.length < 2) return '';
  const times = points.map(([ms]) => ms);
  const masses = points.map(([, grams]) => grams);
  const startMs = Math.min(...times);
  const spanMs = Math.max(...times) - startMs || 1;
  const low = Math.min(...masses);
  const span = Math.max(...masses) - low || 1;
  return points
    .map(([ms, grams], index) => {
      const x = INSET + ((ms - startMs) / spanMs) * (width - 2 * INSET);
      const y = height - INSET - ((grams - low) / span) * (height - 2 * INSET);
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
