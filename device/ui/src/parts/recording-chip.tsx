import { say } from '../messages/say.ts';
import { camera } from '../state.ts';

/** Whether a clip is being recorded: in sight on every view while it lasts. */
export function RecordingChip() {
  return (
    <p class="recording" role="status">
      {camera.value?.isRecording === true && (
        <>
          <span class="recording-dot" aria-hidden="true" />
          {say('camera.recording')}
        </>
      )}
    </p>
  );
}
