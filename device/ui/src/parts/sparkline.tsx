import { sparkPath } from '../spark-path.ts';

/** A feeding's bowl mass as a small line: [ms since start, grams]. For the eye only. */
export function Sparkline({ points }: { points: readonly (readonly [number, number])[] }) {
  return (
    <svg class="spark" viewBox="0 0 96 28" aria-hidden="true" focusable="false">
      <path d={sparkPath(points, 96, 28)} />
    </svg>
  );
}
