import type { CameraView, Settings } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { bytesText } from '../format.ts';
import { say, sayCode, sayCount } from '../messages/say.ts';
import { camera, hasCloud, isLive, settings, today } from '../state.ts';
import { VisitClips } from './clip-row.tsx';
import { Dialog } from './dialog.tsx';
import { Field, Problems, useSaving } from './save-form.tsx';
import { Video } from './video.tsx';

const WHOLE_NIGHT = { from: '22:00', to: '06:00' };

function stateText({ privacy, isRecording, state }: CameraView): string {
  if (privacy === 'switch') return say('camera.off');
  if (privacy === 'hours') return say('camera.hours');
  return isRecording ? say('camera.recording') : sayCode('cameraState', state);
}

function tone({ privacy, isRecording, state }: CameraView): string {
  if (privacy !== null) return 'calm';
  if (isRecording) return 'active';
  return state === 'running' ? 'good' : 'warn';
}

function explanation({ privacy, why }: CameraView, areShared: boolean): string {
  if (privacy === 'switch') return say('camera.offText');
  if (privacy === 'hours') return say('camera.hoursText');
  if (why !== '') return why;
  return say(areShared ? 'camera.sharedText' : 'camera.onText');
}

/** The switch: one press, at once. */
function Switch({ now, view }: { now: Settings; view: CameraView }) {
  const saving = useSaving();
  const press = () =>
    saving.run(async () => {
      await api.changeSettings({ cameraOn: !now.cameraOn });
      await settings.refresh();
    });
  return (
    <div class="line">
      <div>
        <p>
          <span class={`chip chip-${tone(view)}`}>{stateText(view)}</span>{' '}
          {explanation(view, now.cloudClips && hasCloud.value)}
        </p>
        <Problems of={saving.problems} />
      </div>
      <button type="button" disabled={saving.isBusy || !isLive.value} onClick={press}>
        {say(now.cameraOn ? 'camera.switchOff' : 'camera.switchOn')}
      </button>
    </div>
  );
}

function Privacy({ now }: { now: Settings }) {
  const [hours, setHours] = useState(now.cameraPrivacyHours ?? WHOLE_NIGHT);
  const saving = useSaving();
  const change = (body: Partial<Settings>) =>
    saving.run(async () => {
      await api.changeSettings(body);
      await settings.refresh();
    });
  const time = (end: 'from' | 'to') => (
    <Field id={`camera-${end}`} label={say(`camera.${end}`)}>
      <input
        id={`camera-${end}`}
        type="time"
        required
        value={hours[end]}
        onInput={(event) => setHours((old) => ({ ...old, [end]: event.currentTarget.value }))}
      />
    </Field>
  );
  const check = (label: string, checked: boolean, set: (isSet: boolean) => void) => (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={saving.isBusy || !isLive.value}
        onChange={(event) => set(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change({ cameraPrivacyHours: hours });
      }}
    >
      {check(say('camera.mealsOnly'), now.cameraMealsOnly, (cameraMealsOnly) =>
        change({ cameraMealsOnly }),
      )}
      {hasCloud.value &&
        check(say('camera.cloudClips'), now.cloudClips, (cloudClips) => change({ cloudClips }))}
      {check(say('camera.hoursOn'), now.cameraPrivacyHours !== null, (isSet) =>
        change({ cameraPrivacyHours: isSet ? hours : null }),
      )}
      {now.cameraPrivacyHours !== null && (
        <div class="field-row camera-hours">
          {time('from')}
          {time('to')}
          <button type="submit" disabled={saving.isBusy || !isLive.value}>
            {say('camera.saveHours')}
          </button>
        </div>
      )}
      <Problems of={saving.problems} />
    </form>
  );
}

/** The live view costs the feeder's uplink a stream, so it runs only while it is open. */
function LiveView({ view }: { view: CameraView }) {
  const [isOpen, setOpen] = useState(false);
  const [isLost, setLost] = useState(false);
  const open = () => {
    setLost(false);
    setOpen(true);
  };
  return (
    <>
      <button type="button" disabled={view.state !== 'running' || !isLive.value} onClick={open}>
        {say('camera.live')}
      </button>
      {isOpen && (
        <Dialog title={say('camera.liveTitle')} onClose={() => setOpen(false)}>
          {isLost ? (
            <p role="alert">{say('camera.liveLost')}</p>
          ) : (
            <Video
              label={say('camera.liveLabel')}
              src="/api/v1/camera/live"
              onLost={() => setLost(true)}
            />
          )}
        </Dialog>
      )}
    </>
  );
}

function Figures({ view }: { view: CameraView }) {
  const stored = sayCount('camera.clipsOf', view.clipCount, {
    used: bytesText(view.clipBytes),
    quota: bytesText(view.quotaBytes),
  });
  return (
    <dl class="pairs">
      <div>
        <dt>{say('camera.source')}</dt>
        <dd>{view.source}</dd>
      </div>
      <div>
        <dt>{say('camera.clips')}</dt>
        <dd>{stored}</dd>
      </div>
    </dl>
  );
}

/** The camera: its switch, when it may look, what it sees, what it keeps. Nothing without one. */
export function CameraSection() {
  const view = camera.value;
  const now = settings.value.value;
  if (view === null || now === null) return null;
  return (
    <section class="settings" aria-labelledby="camera-title">
      <h2 id="camera-title">{say('camera.title')}</h2>
      <Switch now={now} view={view} />
      <Privacy key={now.rev} now={now} />
      <VisitClips />
      <Figures view={view} />
      <div class="clip-actions">
        <LiveView view={view} />
        {today.value !== null && (
          <a href={`/api/v1/clips.zip?date=${today.value}`} download>
            {say('camera.export')}
          </a>
        )}
      </div>
    </section>
  );
}
