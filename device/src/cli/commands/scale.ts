import type { CalibrationJob, ScaleView } from '@cat-feeder/shared';
import {
  type Command,
  type CommandInput,
  type CommandResult,
  EXIT_FAILED,
  EXIT_OK,
  numberOf,
  required,
} from '../command.ts';
import { gramsText, hopperText, tableText } from '../text.ts';
import { kibbleNamed } from './kibbles.ts';

const POLL_MS = 1_000;
/** Ten rounds of the longest feeding. */
const POLLS_MAX = 3_000;

/** Weighing and calibration. */
export const scaleCommands: readonly Command[] = [
  {
    name: 'scale',
    usage: '',
    summary: 'What lies in the bowl, and the calibration.',
    words: [0, 0],
    run: async ({ api }) => {
      const scale = await api.get<ScaleView>('/scale');
      return { data: scale, text: scaleText(scale) };
    },
  },
  {
    name: 'tare',
    usage: '[--confirm]',
    summary:
      'Take the empty bowl as zero. --confirm: it is empty, although far from the last zero.',
    flags: ['confirm'],
    words: [0, 0],
    run: async ({ api, flag }) => {
      const scale = await api.post<ScaleView>(`/scale/tare?confirm=${flag('confirm')}`);
      return { data: scale, text: `The bowl as it stands is zero now.\n${calibrationText(scale)}` };
    },
  },
  {
    name: 'calibrate scale',
    usage: '--grams G [--confirm]',
    summary: 'Set the span from a known mass in the tared bowl. --confirm: the cell was replaced.',
    options: ['grams'],
    flags: ['confirm'],
    words: [0, 0],
    run: async (input) => {
      const knownGrams = numberOf(required(input, 'grams'), '--grams');
      const body = { knownGrams, confirm: input.flag('confirm') };
      const scale = await input.api.post<ScaleView>('/scale/calibrate', body);
      return { data: scale, text: `The span is set.\n${calibrationText(scale)}` };
    },
  },
  {
    name: 'calibrate hopper',
    usage: '[--grams G] [--confirm]',
    summary:
      'Take the empty hopper as zero; with --grams: set the span from a known mass in it. --confirm: it is right, although far from before.',
    options: ['grams'],
    flags: ['confirm'],
    words: [0, 0],
    run: calibrateHopper,
  },
  {
    name: 'calibrate kibble',
    usage: 'ID|NAME [--rounds N] [--grams G] [--wait]',
    summary: 'Serve small portions and learn how the kibble in the hopper flows.',
    options: ['rounds', 'grams'],
    flags: ['wait'],
    words: [1, 1],
    run: calibrateKibble,
  },
];

function scaleText(scale: ScaleView): string {
  const { bowl } = scale;
  const readings = tableText([
    ['Bowl', `${gramsText(bowl.grams)} +- ${gramsText(bowl.sigmaGrams)} (${bowl.state})`],
    ['Hopper', hopperText(scale)],
  ]);
  return `${readings}\n${calibrationText(scale)}`;
}

/** Without the reading: the one after a change of the calibration is yet to come. */
function calibrationText({ calibration }: ScaleView): string {
  const span = Math.round(calibration.countsPerGram * 100) / 100;
  const steps = [
    calibration.taredAtMs === null ? 'never tared' : 'tared',
    calibration.spannedAtMs === null ? 'never weighed a known mass' : 'weighed a known mass',
  ];
  const zero = Math.round(calibration.zeroCounts);
  return `Calibration: ${span} counts per gram, zero at ${zero}, ${steps.join(', ')}.`;
}

async function calibrateHopper({ api, option, flag }: CommandInput): Promise<CommandResult> {
  const grams = option('grams');
  const confirm = flag('confirm');
  const isTare = grams === undefined;
  const scale = isTare
    ? await api.post<ScaleView>(`/scale/hopper/tare?confirm=${confirm}`)
    : await api.post<ScaleView>('/scale/hopper/calibrate', {
        knownGrams: numberOf(grams, '--grams'),
        confirm,
      });
  const done = isTare ? 'The hopper as it stands is zero now.' : 'The span of the hopper is set.';
  return { data: scale, text: done };
}

const lostJob = (job: CalibrationJob): CalibrationJob => ({
  ...job,
  state: 'failed',
  why: 'The feeder was started again; the calibration has to be begun anew.',
});

async function calibrateKibble(input: CommandInput): Promise<CommandResult> {
  const { api, io, words, option } = input;
  const kibble = await kibbleNamed(input, words[0] ?? '');
  const path = `/kibbles/${kibble.id}/calibrate`;
  const rounds = option('rounds');
  const grams = option('grams');
  let job = await api.post<CalibrationJob>(path, {
    ...(rounds === undefined ? {} : { rounds: numberOf(rounds, '--rounds') }),
    ...(grams === undefined ? {} : { portionGrams: numberOf(grams, '--grams') }),
  });
  if (input.flag('wait')) {
    for (let polls = 0; job.state === 'running' && polls < POLLS_MAX; polls++) {
      await io.sleep(POLL_MS);
      // A daemon that was started again in between knows nothing of the job.
      job = (await api.get<CalibrationJob | null>(path)) ?? lostJob(job);
    }
  }
  const served = job.servedGrams.map(gramsText).join(', ') || 'nothing yet';
  return {
    data: job,
    text: `${job.state}: served ${served}. ${job.why}`,
    exitCode: job.state === 'failed' ? EXIT_FAILED : EXIT_OK,
  };
}
