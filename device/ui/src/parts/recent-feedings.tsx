import type { Feeding, FeedingDetail } from '@cat-feeder/shared';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { agoText, gramsText, portionText, rangeText, timeText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { feedings, minuteMs, zone } from '../state.ts';
import { FeedingClips } from './clip-row.tsx';
import { Sparkline } from './sparkline.tsx';
import { useWhy } from './why.tsx';

/** Traces of ended feedings never change, so each is read once. */
const traces = new Map<string, FeedingDetail['trace']>();
/** Feedings whose trace is kept; more than one page shows. */
const TRACES_MAX = 60;

function useTrace(feeding: Feeding): FeedingDetail['trace'] {
  const [points, setPoints] = useState(traces.get(feeding.id) ?? []);
  useEffect(() => {
    if (feeding.state !== 'done' || traces.has(feeding.id)) return;
    let isGone = false;
    api.feeding(feeding.id).then(
      (detail) => {
        if (traces.size >= TRACES_MAX) traces.clear();
        traces.set(feeding.id, detail.trace);
        if (!isGone) setPoints(detail.trace);
      },
      // Without its trace the row still says everything in words.
      () => setPoints([]),
    );
    return () => {
      isGone = true;
    };
  }, [feeding.id, feeding.state]);
  return points;
}

/** How a feeding came out, in one or two words. */
export function outcomeText(feeding: Feeding): string {
  if (feeding.state === 'running') return say('result.running');
  if (feeding.state === 'refused') return say('result.refused');
  return sayCode('result', feeding.result ?? 'unknown_after_crash');
}

function tone(feeding: Feeding): string {
  if (feeding.state === 'running') return 'active';
  if (feeding.state === 'refused') return 'calm';
  if (feeding.result === 'served') return 'good';
  return feeding.result === 'short' || feeding.result === 'cancelled' ? 'warn' : 'bad';
}

function FeedingRow({ feeding }: { feeding: Feeding }) {
  const points = useTrace(feeding);
  const { dose } = feeding;
  const why = useWhy(feeding.why, timeText(feeding.startedAtMs, zone.value));
  const ago = minuteMs.value === null ? '' : agoText(minuteMs.value - feeding.startedAtMs);
  return (
    <li class="fed">
      <p class="fed-when">
        <time>{timeText(feeding.startedAtMs, zone.value)}</time> <span class="soft">{ago}</span>
      </p>
      <p class="fed-cause">{sayCode('cause', feeding.cause)}</p>
      <p class="fed-grams">
        <strong>
          {dose === null
            ? say('bowl.none')
            : say('unit.grams', { grams: gramsText(dose.likelyGrams) })}
        </strong>{' '}
        {say('recent.asked', { grams: portionText(feeding.portionGrams) })}
      </p>
      <p class="fed-range soft">
        {dose !== null && rangeText(dose.lowGrams, dose.highGrams)}
        {dose !== null && dose.method !== 'measured' && `, ${sayCode('method', dose.method)}`}
      </p>
      <Sparkline points={points} />
      <span class={`chip chip-${tone(feeding)}`}>{outcomeText(feeding)}</span>
      {why.button}
      {why.sentence}
      <FeedingClips feedingId={feeding.id} />
    </li>
  );
}

/** The last feedings: asked against served, with the scale's own line as proof. */
export function RecentFeedings() {
  const items = feedings.value.value;
  return (
    <section class="recent" aria-labelledby="recent-title">
      <h2 id="recent-title">{say('recent.title')}</h2>
      {items !== null && items.length === 0 && <p class="empty">{say('recent.none')}</p>}
      <ol class="feds">
        {items?.map((feeding) => (
          <FeedingRow key={feeding.id} feeding={feeding} />
        ))}
      </ol>
    </section>
  );
}
