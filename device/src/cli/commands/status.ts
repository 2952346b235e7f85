import type { CameraView, ReaderView, Status } from '@cat-feeder/shared';
import type { Command } from '../command.ts';
import {
  feedingText,
  gramsText,
  hopperText,
  occurrenceText,
  tableText,
  timeText,
} from '../text.ts';

/** What the feeder is doing. */
export const statusCommands: readonly Command[] = [
  {
    name: 'status',
    usage: '',
    summary: 'What the feeder weighs, does and will do.',
    words: [0, 0],
    run: async ({ api }) => {
      const status = await api.get<Status>('/status');
      return { data: status, text: statusText(status) };
    },
  },
];

function readerText({ state, why, tags }: ReaderView): string {
  if (state !== 'ok') return `${state}: ${why}`;
  return tags.length === 0 ? 'ok, nobody at the bowl' : `ok, at the bowl: ${tags.join(', ')}`;
}

function cameraText({ privacy, state, isRecording, why }: CameraView): string {
  if (privacy === 'switch') return 'switched off';
  if (privacy === 'hours') return 'sees nothing in its privacy hours';
  const seen = isRecording ? `${state}, recording` : state;
  return why === '' ? seen : `${seen}: ${why}`;
}

function statusText(status: Status): string {
  const { zone, bowl, today, running, next } = status;
  const left = `${gramsText(today.remainingCapGrams)} left under the caps`;
  const served = `${gramsText(today.servedGrams)} of ${gramsText(today.plannedGrams)} planned`;
  const interval = `surely ${gramsText(today.lowGrams)}, at most ${gramsText(today.highGrams)}`;
  return tableText([
    ['Feeder', `${status.name}, version ${status.version}${status.simulated ? ', simulated' : ''}`],
    ['Time', `${timeText(status.nowMs, zone)} ${zone} (${status.clockQuality})`],
    ['Bowl', `${gramsText(bowl.grams)} (${bowl.state})`],
    ['Hopper', stockText(status)],
    ['Motor', status.motorOn ? 'on' : 'off'],
    ['Running', running === null ? '-' : feedingText(running, zone)],
    ['Next', next === null ? '-' : occurrenceText(next)],
    ['Today', `${served} (${interval}), ${left}`],
    ...(status.reader === null ? [] : [['Reader', readerText(status.reader)]]),
    ...(status.camera === null ? [] : [['Camera', cameraText(status.camera)]]),
    ['Storage', storageText(status)],
    ...status.components
      .filter(({ name, state }) => state !== 'ok' && name !== 'storage')
      .map(({ name, state, why }) => [name, `${state}: ${why}`]),
    ...status.faults.map(({ fault, advice }) => ['Fault', `${fault}: ${advice}`]),
    ...status.alerts.map(({ alert, why }) => ['Alert', `${alert}: ${why}`]),
  ]);
}

/** That the disk takes writes says nothing of what was lost before. */
function storageText({ storage, components }: Status): string {
  if (!storage.ok) return storage.why;
  const part = components.find(({ name }) => name === 'storage');
  return part === undefined || part.state === 'ok' ? 'ok' : `${part.state}: ${part.why}`;
}

function stockText(status: Status): string {
  const { hopperDaysLeft } = status;
  const lasts =
    hopperDaysLeft === null ? '' : `, ${Math.floor(hopperDaysLeft)} days at last week’s pace`;
  return `${hopperText(status)}${lasts}`;
}
