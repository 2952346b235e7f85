import type { Status } from '@cat-feeder/shared';
import { gramsText, portionText } from '../format.ts';
import { say, sayCode, sayCount } from '../messages/say.ts';
import { bowl, isLive, status } from '../state.ts';
import { WeightPlot } from './weight-plot.tsx';

/** What the scale says: the grams, how sure they are, and the last minutes. */
export function BowlHero() {
  const now = bowl.value;
  const grams = now?.grams ?? null;
  return (
    <section class={`hero ${isLive.value ? '' : 'is-old'}`} aria-labelledby="bowl-title">
      <div class="hero-reading">
        <h2 id="bowl-title" class="eyebrow">
          {say('bowl.title')}
        </h2>
        <p class="hero-grams">
          {grams === null ? say('bowl.none') : gramsText(grams)}
          <span class="hero-unit">{say('unit.g')}</span>
        </p>
        <p class="hero-state">
          <span class={`dot dot-${now?.state ?? 'silent'}`} aria-hidden="true" />
          {sayCode('bowlState', now?.state ?? 'waiting')}
          {now !== null && grams !== null && (
            <span class="soft">{say('bowl.sigma', { grams: gramsText(now.sigmaGrams) })}</span>
          )}
        </p>
      </div>
      <WeightPlot />
    </section>
  );
}

/** Hopper and the day's grams, in one line of figures. */
export function Facts() {
  const now = status.value;
  if (now === null) return null;
  const { today } = now;
  return (
    <dl class="facts">
      <div>
        <dt>{say('facts.served')}</dt>
        <dd>
          {gramsText(today.servedGrams)} <span class="unit">{say('unit.g')}</span>
        </dd>
        <dd class="soft">{say('facts.planned', { grams: portionText(today.plannedGrams) })}</dd>
      </div>
      <div>
        <dt>{say('facts.remaining')}</dt>
        <dd>
          {gramsText(today.remainingCapGrams)} <span class="unit">{say('unit.g')}</span>
        </dd>
        <dd class="soft">{say('facts.remainingNote')}</dd>
      </div>
      <div>
        <dt>{say('facts.hopper')}</dt>
        <dd>
          {now.hopperGrams === null ? (
            say('bowl.none')
          ) : (
            <>
              {gramsText(now.hopperGrams)} <span class="unit">{say('unit.g')}</span>
            </>
          )}
        </dd>
        <dd class="soft">{hopperNote(now)}</dd>
      </div>
    </dl>
  );
}

function hopperNote({ hopperGrams, hopperState, hopperDaysLeft, today }: Status): string {
  if (hopperGrams === null) return sayCode('hopperState', hopperState);
  if (hopperDaysLeft !== null) return sayCount('facts.hopperPace', Math.floor(hopperDaysLeft));
  if (today.plannedGrams <= 0) return say('facts.hopperNoPlan');
  return sayCount('facts.hopperDays', Math.floor(hopperGrams / today.plannedGrams));
}
