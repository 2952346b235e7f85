import { useEffect } from 'preact/hooks';
import { say } from '../messages/say.ts';
import { BowlHero, Facts } from '../parts/bowl-hero.tsx';
import { CatsToday } from '../parts/cats-today.tsx';
import { FeedPanel, NextMeal } from '../parts/feed-panel.tsx';
import { Heading } from '../parts/heading.tsx';
import { RecentFeedings } from '../parts/recent-feedings.tsx';
import { TodayList } from '../parts/today.tsx';
import { pets, settings, status } from '../state.ts';

/** The bowl, the next meal, feeding by hand, and what happened today. */
export function Home() {
  useEffect(() => {
    settings.ensure();
    pets.ensure();
  }, []);
  return (
    <>
      <Heading hidden>{say('home.title')}</Heading>
      {status.value === null && <p class="empty">{say('home.waiting')}</p>}
      <div class="home">
        <BowlHero />
        <div class="desk">
          <NextMeal />
          <FeedPanel />
          <CatsToday />
        </div>
        <Facts />
        <TodayList />
        <RecentFeedings />
      </div>
    </>
  );
}
