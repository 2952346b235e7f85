import type { View } from '../route.ts';

const viewPaths: Record<View, string> = {
  home: 'M3 13h18M5 13c0 4 3 7 7 7s7-3 7-7M8 9c0-2 1-2 1-4M12 9c0-2 1-2 1-4M16 9c0-2 1-2 1-4',
  plan: 'M12 7v5l3 2M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18',
  cats: 'M5 4l4 3a12 12 0 0 1 6 0l4-3c1 3 1.500 5 1.500 8 0 5-3.500 8-8.500 8s-8.500-3-8.500-8c0-3 .5-5 1.500-8M9.500 12.500v.5M14.500 12.500v.5',
  system:
    'M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0',
};

/** The picture of a view in the navigation; its name stands beside it. */
export function ViewIcon({ view }: { view: View }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={viewPaths[view]} />
    </svg>
  );
}

/** The feeder's mark: a cat's head. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <path d="M12 8l10 9a26 26 0 0 1 20 0l10-9c3 8 5 15 5 22 0 16-11 26-25 26S7 46 7 30c0-7 2-14 5-22z" />
      <circle cx="22" cy="32" r="4" />
      <circle cx="42" cy="32" r="4" />
    </svg>
  );
}
