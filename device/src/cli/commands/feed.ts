import {
  FEEDING_MS_CEILING,
  type Feeding,
  type FeedingDetail,
  type Settings,
  type StopResult,
} from '@cat-feeder/shared';
import {
  type Command,
  type CommandInput,
  type CommandResult,
  EXIT_FAILED,
  EXIT_OK,
  numberOf,
  UsageError,
} from '../command.ts';
import { feedingText, gramsText } from '../text.ts';
import { petNamed } from './pets.ts';

const POLL_MS = 500;
/** A feeding ends by itself within its ceiling; the rest is for a busy disk. */
const POLLS_MAX = Math.ceil((FEEDING_MS_CEILING + 60_000) / POLL_MS);

/** Feeding by hand. */
export const feedCommands: readonly Command[] = [
  {
    name: 'feed',
    usage: 'GRAMS [--pet NAME|ID] [--request-id ID] [--wait]',
    summary: 'Feed now. The same request id never feeds twice. --wait says how it ended.',
    options: ['pet', 'request-id'],
    flags: ['wait'],
    words: [1, 1],
    run: feed,
  },
  {
    name: 'cancel',
    usage: '[ID]',
    summary: 'Stop the motor and whatever feeding runs, or one feeding.',
    words: [0, 1],
    run: cancel,
  },
];

async function feed(input: CommandInput): Promise<CommandResult> {
  const { api, io, words } = input;
  const pet = input.option('pet');
  const wish = {
    requestId: input.option('request-id') ?? io.newRequestId(),
    portionGrams: portionOf(words[0] ?? ''),
    petId: pet === undefined ? null : (await petNamed(input, pet)).id,
  };
  const claimed = await api.post<Feeding>('/feedings', wish);
  const ended = input.flag('wait') ? await waitForFeeding(input, claimed) : claimed;
  const { zone } = await api.get<Settings>('/settings');
  const isFine = ended.state === 'running' || ended.result === 'served';
  return {
    data: ended,
    text: `${feedingText(ended, zone)}\n${ended.why}`,
    exitCode: isFine ? EXIT_OK : EXIT_FAILED,
  };
}

/** No portion is negative, whatever a feeder's limits are. */
function portionOf(text: string): number {
  const grams = numberOf(text, 'GRAMS');
  if (grams <= 0) throw new UsageError(`GRAMS must be more than 0, not '${text}'`);
  return grams;
}

/** Waits until a feeding has ended; what is still running then is given as it is. */
export async function waitForFeeding(
  { api, io }: CommandInput,
  claimed: Feeding,
): Promise<Feeding> {
  let feeding = claimed;
  for (let polls = 0; feeding.state === 'running' && polls < POLLS_MAX; polls++) {
    await io.sleep(POLL_MS);
    const { trace: _trace, ...seen } = await api.get<FeedingDetail>(`/feedings/${claimed.id}`);
    feeding = seen;
  }
  return feeding;
}

async function cancel({ api, words }: CommandInput): Promise<CommandResult> {
  const id = words[0];
  if (id !== undefined) {
    const feeding = await api.post<Feeding>(`/feedings/${encodeURIComponent(id)}/cancel`);
    return { data: feeding, text: endText(feeding) };
  }
  const stopped = await api.post<StopResult>('/stop');
  const { cancelled, motorOn } = stopped;
  const rest = cancelled === null ? 'Nothing was running.' : endText(cancelled);
  return {
    data: stopped,
    text: `The motor is ${motorOn ? 'ON' : 'off'}. ${rest}`,
    exitCode: motorOn ? EXIT_FAILED : EXIT_OK,
  };
}

function endText(feeding: Feeding): string {
  const served = gramsText(feeding.dose?.likelyGrams ?? null);
  return `Feeding ${feeding.id} ended as ${feeding.result ?? feeding.state}, served ${served}.`;
}
