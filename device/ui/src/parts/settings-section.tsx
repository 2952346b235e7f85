import type { Settings } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { say } from '../messages/say.ts';
import { isLive, settings } from '../state.ts';
import { Field, NAME_UNITS_MAX, Problems, useSaving } from './save-form.tsx';

const CAPS = ['feedingGramsMax', 'hourGramsMax', 'dayGramsMax'] as const;

function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function SettingsForm({ now }: { now: Settings }) {
  const [draft, setDraft] = useState({
    name: now.name,
    zone: now.zone,
    feedingGramsMax: String(now.feedingGramsMax),
    hourGramsMax: String(now.hourGramsMax),
    dayGramsMax: String(now.dayGramsMax),
  });
  const [news, setNews] = useState('');
  const saving = useSaving();
  const change = (part: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...part }));
  const save = async () => {
    setNews('');
    const caps = Object.fromEntries(CAPS.map((cap) => [cap, Number(draft[cap])]));
    const { name, zone } = draft;
    await api.changeSettings({ name, zone, ...caps, expectedRev: now.rev });
    setNews(say('settings.saved'));
    await settings.refresh();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saving.run(save);
      }}
    >
      <div class="field-row">
        <Field id="feeder-name" label={say('settings.name')}>
          <input
            id="feeder-name"
            type="text"
            required
            maxLength={NAME_UNITS_MAX}
            autocomplete="off"
            value={draft.name}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </Field>
        <Field
          id="feeder-zone"
          label={say('settings.zone')}
          note={say('settings.zoneNote', { zone: browserZone() })}
        >
          <input
            id="feeder-zone"
            type="text"
            required
            list="zones"
            autocomplete="off"
            aria-describedby="feeder-zone-note"
            value={draft.zone}
            onInput={(event) => change({ zone: event.currentTarget.value })}
          />
          <datalist id="zones">
            {Intl.supportedValuesOf('timeZone').map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </Field>
      </div>
      <div class="field-row">
        {CAPS.map((cap) => (
          <Field key={cap} id={`cap-${cap}`} label={say(`settings.${cap}`)}>
            <input
              id={`cap-${cap}`}
              type="number"
              min={1}
              step={1}
              required
              value={draft[cap]}
              onInput={(event) => change({ [cap]: event.currentTarget.value })}
            />
          </Field>
        ))}
      </div>
      <Problems of={saving.problems} />
      <div class="dialog-foot">
        <p role="status" class="strong">
          {news}
        </p>
        <button type="submit" class="primary" disabled={saving.isBusy || !isLive.value}>
          {say(saving.isBusy ? 'action.saving' : 'action.save')}
        </button>
      </div>
    </form>
  );
}

/** Name, zone and caps: what every plan depends on. */
export function SettingsSection() {
  const now = settings.value.value;
  return (
    <section class="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">{say('settings.title')}</h2>
      {now !== null && <SettingsForm key={now.rev} now={now} />}
    </section>
  );
}
