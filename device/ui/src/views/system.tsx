import type { ReaderView } from '@cat-feeder/shared';
import { useEffect, useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { agoText, bytesText, clockText, countdownText, dayText } from '../format.ts';
import { say, sayCode, sayCount } from '../messages/say.ts';
import { CameraSection } from '../parts/camera-section.tsx';
import { CloudSection } from '../parts/cloud-section.tsx';
import { Heading } from '../parts/heading.tsx';
import { KibbleSection } from '../parts/kibble-section.tsx';
import { Problems, useSaving } from '../parts/save-form.tsx';
import { HopperSection, ScaleSection } from '../parts/scale-section.tsx';
import { SettingsSection } from '../parts/settings-section.tsx';
import {
  isLive,
  kibbles,
  minuteMs,
  nowMs,
  scale,
  settings,
  status,
  system,
  zone,
} from '../state.ts';

/** The reader speaks for itself below: with its link and the last tag, not only as a part. */
const PET_READER = 'pet reader';

function Components() {
  const components = (status.value?.components ?? []).filter(({ name }) => name !== PET_READER);
  return (
    <section aria-labelledby="components-title">
      <h2 id="components-title">{say('system.components')}</h2>
      <ul class="components">
        {components.map((one) => (
          <li key={one.name}>
            <span class="component-name">{sayCode('component', one.name)}</span>
            <span class={`chip chip-${componentTone(one.state)}`}>
              {sayCode('componentState', one.state)}
            </span>
            {one.why !== '' && <span class="soft component-why">{one.why}</span>}
          </li>
        ))}
        <PetReader />
      </ul>
    </section>
  );
}

const readerTones: Readonly<Record<string, string>> = { ok: 'chip-good', not_fitted: '' };

function PetReader() {
  const now = status.value;
  if (now === null) return null;
  const { state, why } = now.reader ?? { state: 'not_fitted', why: '' };
  const tone = readerTones[state] ?? 'chip-warn';
  return (
    <li>
      <span class="component-name">{say('reader.title')}</span>
      <span class={`chip ${tone}`}>{sayCode('readerState', state)}</span>
      {why !== '' && <span class="soft component-why">{why}</span>}
      {now.reader !== null && <span class="soft component-why">{tagText(now.reader)}</span>}
    </li>
  );
}

/** A tag is shown by its last digits only: who looks over a shoulder learns no number of a chip. */
function tagText({ tags, lastSeen }: ReaderView): string {
  if (lastSeen === null || minuteMs.value === null) return say('reader.noTag');
  const { tag, atMs } = lastSeen;
  if (tags.length > 0) return say('reader.tagNow', { tag });
  return say('reader.tagAgo', { tag, ago: agoText(minuteMs.value - atMs) });
}

function componentTone(state: string): string {
  if (state === 'ok') return 'good';
  return state === 'failed' ? 'bad' : 'warn';
}

function LedgerCheck() {
  const [answer, setAnswer] = useState('');
  const [key, setKey] = useState<string | null>(null);
  const saving = useSaving();
  const verify = async () => {
    const result = await api.verifyLedger();
    setKey(result.key);
    setAnswer(
      result.ok
        ? sayCount('ledger.ok', result.entries)
        : say('ledger.broken', { seq: result.brokenSeq ?? 0, why: result.why }),
    );
  };
  return (
    <div class="line">
      <div>
        <p>{say('ledger.text')}</p>
        <p role="status" class="strong">
          {answer}
        </p>
        {key !== null && (
          <p class="soft">
            {say('ledger.key')} <code class="key-text">{key}</code>
          </p>
        )}
        <p>
          <a href="/api/v1/ledger/file" download>
            {say('ledger.export')}
          </a>
        </p>
        <Problems of={saving.problems} />
      </div>
      <button
        type="button"
        disabled={saving.isBusy || !isLive.value}
        onClick={() => saving.run(verify)}
      >
        {say(saving.isBusy ? 'ledger.busy' : 'ledger.verify')}
      </button>
    </div>
  );
}

function Clock() {
  const now = status.value;
  if (now === null || nowMs.value === null) return null;
  return (
    <section aria-labelledby="clock-title">
      <h2 id="clock-title">{say('system.clock')}</h2>
      <p class="figure">{clockText(nowMs.value, zone.value)}</p>
      <p>
        {dayText(nowMs.value, zone.value)}, {zone.value}
      </p>
      <p class="soft">{say(`clock.${now.clockQuality}.text`)}</p>
    </section>
  );
}

function Storage() {
  const now = status.value;
  return (
    <section aria-labelledby="storage-title">
      <h2 id="storage-title">{say('system.storage')}</h2>
      {now !== null && (
        <p>
          <span class={`chip chip-${now.storage.ok ? 'good' : 'bad'}`}>
            {say(now.storage.ok ? 'storage.ok' : 'storage.bad')}
          </span>{' '}
          {now.storage.why}
        </p>
      )}
      <LedgerCheck />
    </section>
  );
}

function Program() {
  const now = system.value.value;
  if (now === null) return null;
  const free = now.diskFreeBytes === null ? say('system.unknown') : bytesText(now.diskFreeBytes);
  const rows = [
    [say('system.version'), now.version],
    [say('system.board'), now.simulated ? say('system.simulated') : now.board],
    [say('system.uptime'), countdownText(now.uptimeMs)],
    [say('system.memory'), bytesText(now.memoryBytes)],
    [say('system.disk'), free],
    [say('system.node'), `${now.node}, ${now.platform}`],
  ];
  return (
    <section aria-labelledby="program-title">
      <h2 id="program-title">{say('system.program')}</h2>
      <dl class="pairs">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** How the feeder itself is, and what only its keeper does. */
export function SystemPage() {
  useEffect(() => {
    for (const resource of [kibbles, settings]) resource.ensure();
    for (const resource of [system, scale]) void resource.refresh();
  }, []);
  return (
    <>
      <Heading>{say('system.title')}</Heading>
      <div class="system">
        <Components />
        <Clock />
        <ScaleSection />
        <HopperSection />
        <KibbleSection />
        <CameraSection />
        <CloudSection />
        <Storage />
        <SettingsSection />
        <Program />
      </div>
    </>
  );
}
