import { signal } from '@preact/signals';

/** The views, in the order of the navigation. The address is `#/plan` and so on; home is `#/`. */
export const VIEWS = ['home', 'plan', 'cats', 'system'] as const;
export type View = (typeof VIEWS)[number];

/** The view that an address names; anything unknown is home. */
export function viewOf(hash: string): View {
  const name = hash.replace(/^#\/?/, '');
  return VIEWS.find((view) => view === name) ?? 'home';
}

/** The address of a view. */
export function hashOf(view: View): string {
  return view === 'home' ? '#/' : `#/${view}`;
}

export const route = signal<View>('home');

/** Follows the address bar. */
export function startRouting(): void {
  const follow = () => {
    route.value = viewOf(location.hash);
  };
  addEventListener('hashchange', follow);
  follow();
}
