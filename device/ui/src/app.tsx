import { useEffect } from 'preact/hooks';
import { say } from './messages/say.ts';
import { Mark, ViewIcon } from './parts/icons.tsx';
import { LinkChip } from './parts/link-chip.tsx';
import { Notices } from './parts/notices.tsx';
import { RecordingChip } from './parts/recording-chip.tsx';
import { StopButton, StopNewsLine } from './parts/stop-button.tsx';
import { hashOf, route, VIEWS, type View } from './route.ts';
import { status } from './state.ts';
import { Cats } from './views/cats.tsx';
import { Home } from './views/home.tsx';
import { PlanPage } from './views/plan.tsx';
import { SystemPage } from './views/system.tsx';

const views: Record<View, () => preact.JSX.Element> = {
  home: Home,
  plan: PlanPage,
  cats: Cats,
  system: SystemPage,
};

function Navigation() {
  return (
    <nav class="nav" aria-label={say('nav.label')}>
      {VIEWS.map((view) => (
        <a key={view} href={hashOf(view)} aria-current={route.value === view ? 'page' : undefined}>
          <ViewIcon view={view} />
          {say(`nav.${view}`)}
        </a>
      ))}
    </nav>
  );
}

/** The frame of every view: name, navigation, link, stop, and what is wrong now. */
export function App() {
  const name = status.value?.name ?? say('app.name');
  const Current = views[route.value];
  useEffect(() => {
    document.title = `${say(`nav.${route.value}`)} · ${name}`;
  }, [route.value, name]);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        {say('nav.skip')}
      </button>
      <header class="top">
        <p class="brand">
          <Mark />
          <span class="brand-name">{name}</span>
        </p>
        <Navigation />
        <RecordingChip />
        <LinkChip />
        <StopButton />
      </header>
      <main id="main" tabIndex={-1}>
        <StopNewsLine />
        <Notices />
        <Current key={route.value} />
      </main>
    </>
  );
}
