import type { Clip } from '@cat-feeder/shared';
import { computed, effect, signal, untracked } from '@preact/signals';
import { ApiError, api } from './api-client.ts';
import {
  type FeedPress,
  type FeedPressEvent,
  idlePress,
  isUnderWay,
  nextFeedPress,
  PRESS_TTL_MS,
} from './feed-press.ts';
import type { LinkState } from './link-machine.ts';
import { LiveLink } from './live.ts';
import { applyLive, type LiveMessage, type LiveState, noLiveState } from './live-state.ts';
import { newRequestId } from './request-id.ts';
import { createResource } from './resource.ts';
import { noServerClock, observeServerClock, serverNowMs } from './server-clock.ts';
import { addReading, emptyTrace } from './weight-trace.ts';

/** How many feedings the first page lists. */
const RECENT_MAX = 12;
/** The whole status is read again this often, for what no event announces: a new day, the uptime. */
/** Clips that the page knows: those of the feedings that it lists, and then some. */
const CLIPS_MAX = 60;
const STATUS_EVERY_MS = 30_000;
const MINUTE_MS = 60_000;

export const live = signal<LiveState>(noLiveState);
export const link = signal<LinkState>('connecting');
export const trace = signal(emptyTrace);
export const press = signal<FeedPress>(idlePress);
const clock = signal(noServerClock);
/** The feeder's wall time, once a second; null while it is not known. */
export const nowMs = signal<number | null>(null);

/** When the link was lost, in the feeder's time; null while it holds. */
export const lostAtMs = signal<number | null>(null);

/** The same, cut to the minute: for texts that need not be drawn again each second. */
export const minuteMs = computed(() =>
  nowMs.value === null ? null : Math.floor(nowMs.value / MINUTE_MS) * MINUTE_MS,
);

export const status = computed(() => live.value.status);
export const bowl = computed(() => status.value?.bowl ?? null);
export const running = computed(() => status.value?.running ?? null);
export const progress = computed(() => live.value.progress);
export const zone = computed(() => status.value?.zone ?? 'UTC');
/** Whether a cloud is configured at all. */
export const hasCloud = computed(() => (status.value?.cloud ?? null) !== null);
export const camera = computed(() => status.value?.camera ?? null);
/** The feeder's own day, YYYY-MM-DD. */
export const today = computed(() => status.value?.today.localDate ?? null);
export const isLive = computed(() => link.value === 'live');

export const occurrences = createResource(async () => (await api.occurrences()).items);
export const feedings = createResource(async () => (await api.feedings(RECENT_MAX)).items);
export const plans = createResource(async () => (await api.plans()).items);
export const overlays = createResource(async () => (await api.overlays()).items);
export const preview = createResource(() => api.preview(7));
export const pets = createResource(async () => (await api.pets()).items);
export const kibbles = createResource(async () => (await api.kibbles()).items);
export const settings = createResource(() => api.settings());
export const system = createResource(() => api.system());
export const clips = createResource(async () => (await api.clips(CLIPS_MAX)).items);
export const scale = createResource(() => api.scale());
export const cloud = createResource(() => api.cloud());
export const conflicts = createResource(async () => (await api.conflicts()).items);
export const cloudQueue = createResource(() => api.cloudQueue());

const everything = [
  occurrences,
  feedings,
  plans,
  overlays,
  preview,
  pets,
  kibbles,
  settings,
  clips,
];

/** The clips of each feeding, oldest first. */
export const clipsOfFeeding = computed(() => {
  const found = new Map<string, Clip[]>();
  for (const clip of clips.value.value ?? []) {
    for (const id of clip.feedingIds) found.set(id, [clip, ...(found.get(id) ?? [])]);
  }
  return found;
});

/** Reads the whole status again; a failure shows as a lost link, not here. */
export async function refreshStatus(): Promise<void> {
  try {
    onMessage({ name: 'status', body: await api.status() });
  } catch {
    // The event stream notices the same silence and says so on the page.
  }
}

function refreshAll(): void {
  for (const resource of everything) {
    if (resource.value.value !== null) void resource.refresh();
  }
}

/** What has to be read again after a collection has changed. */
const readers = {
  plans: [plans, preview, occurrences],
  meals: [plans, preview, occurrences],
  overlays: [overlays, preview, occurrences],
  pets: [pets],
  kibbles: [kibbles, pets],
  settings: [settings, plans, preview],
  scale: [scale],
  clips: [clips],
} as const;

function onMessage(message: LiveMessage): void {
  const monoMs = performance.now();
  live.value = applyLive(live.value, message);
  switch (message.name) {
    case 'status':
      clock.value = observeServerClock(clock.value, message.body.nowMs, monoMs);
      tick();
      return;
    case 'reading':
      trace.value = addReading(trace.value, monoMs, message.body.bowl.grams);
      return;
    case 'feeding':
      dispatchPress({ kind: 'feeding', feeding: message.body });
      void feedings.refresh();
      if (message.body.state !== 'running') void refreshAfterFeeding();
      return;
    case 'occurrence':
    case 'clock':
      void occurrences.refresh();
      void refreshStatus();
      return;
    case 'changed':
      for (const resource of readers[message.body.what]) void resource.refresh();
      void refreshStatus();
      return;
    case 'reset':
      refreshAll();
      void refreshStatus();
      return;
    case 'clip':
      void clips.refresh();
      return;
    case 'progress':
    case 'faults':
    case 'alert':
    case 'calibration':
    case 'component':
    case 'presence':
    case 'camera':
    case 'stopping':
      return;
  }
}

async function refreshAfterFeeding(): Promise<void> {
  await Promise.all([
    refreshStatus(),
    occurrences.refresh(),
    pets.value.value === null ? undefined : pets.refresh(),
  ]);
}

/** Moves the press of the Feed button on. */
export function dispatchPress(event: FeedPressEvent): void {
  press.value = nextFeedPress(press.value, event);
}

/** Asks for one feeding, now. Nothing is kept for later: without a link this does nothing. */
export async function pressFeed(portionGrams: number, petId: string | null): Promise<void> {
  const now = serverNowMs(clock.value, performance.now());
  if (!isLive.value || now === null || isUnderWay(press.value)) return;
  const requestId = newRequestId(crypto);
  const expiresAtMs = Math.round(now + PRESS_TTL_MS);
  dispatchPress({ kind: 'pressed', press: { requestId, portionGrams, expiresAtMs } });
  try {
    const body = { requestId, portionGrams, petId, cause: 'person', expiresAtMs } as const;
    onMessage({ name: 'feeding', body: await api.feed(body) });
  } catch (error) {
    if (error instanceof ApiError) {
      const detail = error.details.map((one) => one.message).join(' ');
      dispatchPress({ kind: 'refused', why: error.message, hint: detail || error.hint });
      return;
    }
    dispatchPress({ kind: 'unanswered' });
  }
}

/** Looks an unanswered press up once the feeder can be heard again. */
async function lookUpPress(): Promise<void> {
  const open = press.value;
  if (open.kind !== 'unanswered' && open.kind !== 'running') return;
  try {
    const { items } = await api.feedings(RECENT_MAX);
    const found = items.find((feeding) => feeding.requestId === open.requestId);
    if (found !== undefined) dispatchPress({ kind: 'feeding', feeding: found });
    else if ((nowMs.value ?? 0) > open.expiresAtMs) dispatchPress({ kind: 'expired' });
  } catch {
    // Still no answer: the next second looks again.
  }
}

function tick(): void {
  nowMs.value = serverNowMs(clock.value, performance.now());
}

/** Connects the page to its feeder. */
export function startLive(): void {
  const connection = new LiveLink({
    onMessage,
    onState: (state) => {
      lostAtMs.value = state === 'lost' ? serverNowMs(clock.value, performance.now()) : null;
      link.value = state;
    },
  });
  connection.start();
  setInterval(() => {
    tick();
    if (isLive.value && press.value.kind === 'unanswered') void lookUpPress();
  }, 1_000);
  setInterval(() => {
    if (isLive.value) void refreshStatus();
  }, STATUS_EVERY_MS);
  effect(() => {
    if (link.value !== 'live') return;
    // After a gap nothing that was read before can be trusted to be the latest.
    untracked(() => {
      void lookUpPress();
      void feedings.refresh();
      void occurrences.refresh();
      void clips.refresh();
      refreshAll();
    });
  });
}
