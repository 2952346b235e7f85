import { type Clip, clipPicturePath } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { timeText } from '../format.ts';
import { say } from '../messages/say.ts';
import { clips, clipsOfFeeding, zone } from '../state.ts';
import { ClipDialog } from './clip-dialog.tsx';

/** The system view shows so many. */
const VISITS_MAX = 12;

function ClipButton({ clip, onOpen }: { clip: Clip; onOpen: () => void }) {
  const label = say('clip.open', {
    time: timeText(clip.startedMs, zone.value),
    seconds: Math.round(clip.durationMs / 1000),
  });
  return (
    <button type="button" class="clip-open" aria-label={label} onClick={onOpen}>
      {clip.pictures.includes('thumbnail') ? (
        <img src={clipPicturePath(clip.id, 'thumbnail')} alt="" loading="lazy" />
      ) : (
        say('clip.none')
      )}
    </button>
  );
}

/** Clips to be played on demand; nothing when there are none. */
function ClipRow({ of: shown }: { of: readonly Clip[] }) {
  const [openId, setOpenId] = useState<string | null>(null);
  const open = shown.find(({ id }) => id === openId);
  if (shown.length === 0) return null;
  return (
    <div class="clip-row">
      {shown.map((clip) => (
        <ClipButton key={clip.id} clip={clip} onOpen={() => setOpenId(clip.id)} />
      ))}
      {open !== undefined && <ClipDialog clip={open} onClose={() => setOpenId(null)} />}
    </div>
  );
}

/** The clips of one feeding. */
export function FeedingClips({ feedingId }: { feedingId: string }) {
  return <ClipRow of={clipsOfFeeding.value.get(feedingId) ?? []} />;
}

/** The newest clips of visits, on which nobody was fed. */
export function VisitClips() {
  const visits = clips.value.value?.filter(({ feedingIds }) => feedingIds.length === 0) ?? [];
  if (visits.length === 0) return null;
  return (
    <>
      <h3>{say('camera.visits')}</h3>
      <ClipRow of={visits.slice(0, VISITS_MAX)} />
    </>
  );
}
