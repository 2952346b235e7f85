import { type Clip, clipPicturePath, clipVideoPath } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { clockText } from '../format.ts';
import { say } from '../messages/say.ts';
import { clips, isLive, zone } from '../state.ts';
import { Dialog } from './dialog.tsx';
import { Problems, useSaving } from './save-form.tsx';
import { Video } from './video.tsx';

function ClipVideo({ clip, time }: { clip: Clip; time: string }) {
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <p role="alert">{say('clip.broken')}</p>;
  const label = say('clip.video', { time });
  return (
    <Video label={label} src={clipVideoPath(clip.id)} controls onLost={() => setBroken(true)} />
  );
}

/** The bowl before and after, where the clip shows both ends of a feeding. */
function Posters({ clip }: { clip: Clip }) {
  const shown = (['before', 'after'] as const).filter((one) => clip.pictures.includes(one));
  if (shown.length === 0) return null;
  return (
    <div class="clip-posters">
      {shown.map((picture) => (
        <figure key={picture}>
          <img src={clipPicturePath(clip.id, picture)} alt="" loading="lazy" />
          <figcaption>{say(`clip.${picture}`)}</figcaption>
        </figure>
      ))}
    </div>
  );
}

/** Deleting takes two presses: there is no way back. */
function DeleteClip({ clip, onGone }: { clip: Clip; onGone: () => void }) {
  const [isAsked, setAsked] = useState(false);
  const saving = useSaving();
  const press = () => {
    if (!isAsked) setAsked(true);
    else {
      saving.run(async () => {
        await api.removeClip(clip.id);
        await clips.refresh();
      }, onGone);
    }
  };
  return (
    <div>
      <button type="button" disabled={saving.isBusy || !isLive.value} onClick={press}>
        {say(isAsked ? 'clip.deleteSure' : 'clip.delete')}
      </button>
      <Problems of={saving.problems} />
    </div>
  );
}

/** A clip with what can be done with it. */
export function ClipDialog({ clip, onClose }: { clip: Clip; onClose: () => void }) {
  const time = clockText(clip.startedMs, zone.value);
  const saving = useSaving();
  const keep = (wanted: boolean) =>
    saving.run(async () => {
      await api.keepClip(clip.id, wanted);
      await clips.refresh();
    });
  return (
    <Dialog title={say('clip.title', { time })} onClose={onClose}>
      <ClipVideo clip={clip} time={time} />
      <Posters clip={clip} />
      <label class="check">
        <input
          type="checkbox"
          checked={clip.keep}
          disabled={saving.isBusy || !isLive.value}
          onChange={(event) => keep(event.currentTarget.checked)}
        />
        <span>{say('clip.keep')}</span>
      </label>
      <Problems of={saving.problems} />
      <div class="clip-actions">
        <a href={clipVideoPath(clip.id)} download={`${clip.id}.mp4`}>
          {say('clip.download')}
        </a>
        <DeleteClip clip={clip} onGone={onClose} />
      </div>
    </Dialog>
  );
}
