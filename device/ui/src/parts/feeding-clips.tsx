import { type Clip, clipPicturePath } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { timeText } from '../format.ts';
import { say } from '../messages/say.ts';
import { clipsOfFeeding, zone } from '../state.ts';
import { ClipDialog } from './clip-dialog.tsx';

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

/** The clips of a feeding, to be played on demand; nothing when there are none. */
export function FeedingClips({ feedingId }: { feedingId: string }) {
  const [openId, setOpenId] = useState<string | null>(null);
  const found = clipsOfFeeding.value.get(feedingId) ?? [];
  const open = found.find(({ id }) => id === openId);
  if (found.length === 0) return null;
  return (
    <div class="fed-clips">
      {found.map((clip) => (
        <ClipButton key={clip.id} clip={clip} onOpen={() => setOpenId(clip.id)} />
      ))}
      {open !== undefined && <ClipDialog clip={open} onClose={() => setOpenId(null)} />}
    </div>
  );
}
