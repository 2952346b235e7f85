import type { CalibrationJob, KibbleView } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { gramsText } from '../format.ts';
import { say } from '../messages/say.ts';
import { isLive, kibbles, live, settings } from '../state.ts';
import { Field, NAME_UNITS_MAX, Problems, useSaving } from './save-form.tsx';

function CalibrationProgress({ job }: { job: CalibrationJob }) {
  const done = job.servedGrams.length;
  return (
    <div class="calibration">
      <p role="status">
        {job.state === 'running'
          ? say('kibble.round', { round: Math.min(done + 1, job.rounds), rounds: job.rounds })
          : say(job.state === 'done' ? 'kibble.done' : 'kibble.failed', { why: job.why })}
      </p>
      <progress aria-label={say('kibble.progress')} max={job.rounds} value={done} />
      <p class="soft">
        {job.servedGrams.map((grams) => say('unit.grams', { grams: gramsText(grams) })).join(', ')}
      </p>
    </div>
  );
}

function modelText(kibble: KibbleView): string {
  const { model } = kibble;
  if (model === null) return say('kibble.noModel');
  return say('kibble.model', {
    perTurn: model.gramsPerTurn.toFixed(2),
    spread: model.gramsPerTurnSd.toFixed(2),
    piece: model.kibbleGrams.toFixed(2),
    samples: model.samples,
  });
}

function KibbleRow({ kibble }: { kibble: KibbleView }) {
  const saving = useSaving();
  const job = live.value.calibration?.kibbleId === kibble.id ? live.value.calibration : null;
  const energy =
    kibble.kcalPer100g === null ? '' : say('kibble.energy', { kcal: kibble.kcalPer100g });
  const activate = () =>
    api.changeSettings({ activeKibbleId: kibble.id }).then(() => kibbles.refresh());
  return (
    <li class="line">
      <div>
        <p class="strong">
          {kibble.name} <span class="soft">{energy}</span>
        </p>
        <p class="soft">{modelText(kibble)}</p>
        {job !== null && <CalibrationProgress job={job} />}
        <Problems of={saving.problems} />
      </div>
      {kibble.active ? (
        <button
          type="button"
          disabled={saving.isBusy || job?.state === 'running' || !isLive.value}
          onClick={() => saving.run(() => api.calibrateKibble(kibble.id))}
        >
          {say('kibble.calibrate')}
        </button>
      ) : (
        <button
          type="button"
          disabled={saving.isBusy || !isLive.value}
          onClick={() => saving.run(activate)}
        >
          {say('kibble.activate')}
        </button>
      )}
    </li>
  );
}

function AddKibble() {
  const [name, setName] = useState('');
  const [kcal, setKcal] = useState('');
  const saving = useSaving();
  const add = async () => {
    const kcalPer100g = kcal.trim() === '' ? null : Number(kcal.replace(',', '.'));
    const kibble = await api.addKibble({ name, kcalPer100g });
    if (settings.value.value?.activeKibbleId == null) {
      await api.changeSettings({ activeKibbleId: kibble.id });
    }
    setName('');
    setKcal('');
    await kibbles.refresh();
  };
  return (
    <form
      class="field-row add-kibble"
      onSubmit={(event) => {
        event.preventDefault();
        saving.run(add);
      }}
    >
      <Field id="kibble-name" label={say('kibble.name')}>
        <input
          id="kibble-name"
          type="text"
          required
          maxLength={NAME_UNITS_MAX}
          autocomplete="off"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </Field>
      <Field id="kibble-kcal" label={say('kibble.kcal')}>
        <input
          id="kibble-kcal"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={kcal}
          onInput={(event) => setKcal(event.currentTarget.value)}
        />
      </Field>
      <button type="submit" disabled={saving.isBusy || !isLive.value}>
        {say('kibble.add')}
      </button>
      <Problems of={saving.problems} />
    </form>
  );
}

/** The food in the hopper, and what the feeder has learned of it. */
export function KibbleSection() {
  const all = kibbles.value.value ?? [];
  return (
    <section aria-labelledby="kibble-title">
      <h2 id="kibble-title">{say('kibble.title')}</h2>
      {all.length === 0 && <p class="empty">{say('kibble.none')}</p>}
      <ul class="kibbles">
        {all.map((kibble) => (
          <KibbleRow key={kibble.id} kibble={kibble} />
        ))}
      </ul>
      <AddKibble />
    </section>
  );
}
