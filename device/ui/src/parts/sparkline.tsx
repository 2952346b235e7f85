/** A feeding's bowl mass as a small line: [ms since start, grams]. For the eye only. */
export function Sparkline({ points }: { points: readonly (readonly [number, number])[] }) {
  return (
    <svg class="spark" viewBox="0 0 96 28" aria-hidden="true" focusable="false">
      {points.length > 1 && <path d={sparkPath(points, 96, 28)} />}
    </svg>
  );
}

/** The path of the line inside a box, with room for its stroke. */
export function sparkPath(
  points: readonly (readonly [number, number])[],
  width: number,
  height: number,
): string {
  const inset = 2;
  const times = points.map(([ms]) => ms);
  const masses = points.map(([, grams]) => grams);
  const startMs = Math.min(...times);
  const spanMs = Math.max(...times) - startMs || 1;
  const low = Math.min(...masses);
  const span = Math.max(...masses) - low || 1;
  return points
    .map(([ms, grams], index) => {
      const x = inset + ((ms - startMs) / spanMs) * (width - 2 * inset);
      const y = height - inset - ((grams - low) / span) * (height - 2 * inset);
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
