import { useState } from 'preact/hooks';
import { ApiError, api } from '../api-client.ts';
import { agoText, gramsText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { bowl, isLive, minuteMs, scale } from '../state.ts';
import { Problems, useSaving } from './save-form.tsx';

function Tare() {
  const [news, setNews] = useState('');
  const [isDoubted, setDoubted] = useState(false);
  const saving = useSaving();
  const tare = async (confirm: boolean) => {
    setNews('');
    setDoubted(false);
    try {
      await api.tare(confirm);
    } catch (error) {
      setDoubted(error instanceof ApiError && error.code === 'ERR_CALIBRATION_REFUSED');
      throw error;
    }
    setNews(say('scale.tared'));
    await scale.refresh();
  };
  return (
    <div class="line">
      <div>
        <p>{say('scale.tareText')}</p>
        <p role="status" class="strong">
          {news}
        </p>
        <Problems of={saving.problems} />
        {isDoubted && (
          <button
            type="button"
            disabled={!isLive.value}
            onClick={() => saving.run(() => tare(true))}
          >
            {say('scale.tareAnyway')}
          </button>
        )}
      </div>
      <button
        type="button"
        disabled={saving.isBusy || !isLive.value}
        onClick={() => saving.run(() => tare(false))}
      >
        {say(saving.isBusy ? 'scale.busy' : 'scale.tare')}
      </button>
    </div>
  );
}

function Span() {
  const [grams, setGrams] = useState('200');
  const [news, setNews] = useState('');
  const saving = useSaving();
  const span = async () => {
    setNews('');
    await api.span(Number(grams.replace(',', '.')));
    setNews(say('scale.spanned'));
    await scale.refresh();
  };
  return (
    <form
      class="line"
      onSubmit={(event) => {
        event.preventDefault();
        saving.run(span);
      }}
    >
      <div>
        <label for="span-grams">{say('scale.spanLabel')}</label>
        <input
          id="span-grams"
          class="short"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={grams}
          onInput={(event) => setGrams(event.currentTarget.value)}
        />
        <p role="status" class="strong">
          {news}
        </p>
        <Problems of={saving.problems} />
      </div>
      <button type="submit" disabled={saving.isBusy || !isLive.value}>
        {say(saving.isBusy ? 'scale.busy' : 'scale.span')}
      </button>
    </form>
  );
}

/** The bowl's scale: what it says, and the two steps that make it right. */
export function ScaleSection() {
  const now = bowl.value;
  const taredAtMs = scale.value.value?.calibration.taredAtMs ?? null;
  const tared =
    taredAtMs === null || minuteMs.value === null
      ? say('scale.neverTared')
      : say('scale.taredAgo', { ago: agoText(minuteMs.value - taredAtMs) });
  return (
    <section aria-labelledby="scale-title">
      <h2 id="scale-title">{say('scale.title')}</h2>
      <p class="figure">
        {now?.grams == null ? say('bowl.none') : say('unit.grams', { grams: gramsText(now.grams) })}
      </p>
      <p class="soft">
        {sayCode('bowlState', now?.state ?? 'waiting')}, {tared}
      </p>
      <Tare />
      <Span />
    </section>
  );
}
