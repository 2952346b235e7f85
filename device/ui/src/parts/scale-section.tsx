import { useState } from 'preact/hooks';
import { ApiError, api } from '../api-client.ts';
import { agoText, gramsText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { bowl, isLive, minuteMs, scale, status } from '../state.ts';
import { Problems, useSaving } from './save-form.tsx';

/** What a scale is called here, and whom to ask. */
interface Steps {
  readonly of: 'scale' | 'hopper';
  readonly tare: (confirm: boolean) => Promise<unknown>;
  readonly span: (knownGrams: number) => Promise<unknown>;
  readonly usualGrams: string;
}

const bowlSteps: Steps = { of: 'scale', tare: api.tare, span: api.span, usualGrams: '200' };
const hopperSteps: Steps = {
  of: 'hopper',
  tare: api.tareHopper,
  span: api.spanHopper,
  usualGrams: '1000',
};

function Tare({ steps }: { steps: Steps }) {
  const [news, setNews] = useState('');
  const [isDoubted, setDoubted] = useState(false);
  const saving = useSaving();
  const tare = async (confirm: boolean) => {
    setNews('');
    setDoubted(false);
    try {
      await steps.tare(confirm);
    } catch (error) {
      setDoubted(error instanceof ApiError && error.code === 'ERR_CALIBRATION_REFUSED');
      throw error;
    }
    setNews(say(`${steps.of}.tared`));
    await scale.refresh();
  };
  return (
    <div class="line">
      <div>
        <p>{say(`${steps.of}.tareText`)}</p>
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
            {say(`${steps.of}.tareAnyway`)}
          </button>
        )}
      </div>
      <button
        type="button"
        disabled={saving.isBusy || !isLive.value}
        onClick={() => saving.run(() => tare(false))}
      >
        {say(saving.isBusy ? 'scale.busy' : `${steps.of}.tare`)}
      </button>
    </div>
  );
}

function Span({ steps }: { steps: Steps }) {
  const [grams, setGrams] = useState(steps.usualGrams);
  const fieldId = `${steps.of}-span-grams`;
  const [news, setNews] = useState('');
  const saving = useSaving();
  const span = async () => {
    setNews('');
    await steps.span(Number(grams.replace(',', '.')));
    setNews(say(`${steps.of}.spanned`));
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
      <div class="field">
        <label for={fieldId}>{say(`${steps.of}.spanLabel`)}</label>
        <input
          id={fieldId}
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
        {say(saving.isBusy ? 'scale.busy' : `${steps.of}.span`)}
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
      <Tare steps={bowlSteps} />
      <Span steps={bowlSteps} />
    </section>
  );
}

/** The cell under the hopper, where one is fitted: what it says, and its two steps. */
export function HopperSection() {
  const now = status.value;
  if (now === null || now.hopperState === 'not_fitted') return null;
  return (
    <section aria-labelledby="hopper-title">
      <h2 id="hopper-title">{say('hopper.title')}</h2>
      <p class="figure">
        {now.hopperGrams === null
          ? say('bowl.none')
          : say('unit.grams', { grams: gramsText(now.hopperGrams) })}
      </p>
      <p class="soft">{sayCode('hopperState', now.hopperState)}</p>
      <Tare steps={hopperSteps} />
      <Span steps={hopperSteps} />
    </section>
  );
}
