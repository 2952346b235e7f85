import type { LiveEventName } from '@cat-feeder/shared';
import { api } from './api-client.ts';
import {
  type LinkEvent,
  type LinkState,
  nextLinkState,
  retryDelayMs,
  SILENCE_MS_MAX,
} from './link-machine.ts';
import type { LiveMessage } from './live-state.ts';

/** What the stream may carry; written out so that no schema code reaches the browser. */
const EVENT_NAMES = {
  status: true,
  reading: true,
  progress: true,
  feeding: true,
  occurrence: true,
  faults: true,
  alert: true,
  clock: true,
  calibration: true,
  component: true,
  presence: true,
  camera: true,
  clip: true,
  changed: true,
  reset: true,
  stopping: true,
} as const satisfies Record<LiveEventName, true>;

/** How often silence is looked for. */
const WATCH_MS = 200;
/** After this much silence the feeder is asked directly whether it still lives. */
const PROBE_AFTER_MS = 1_250;
/** A hidden page keeps its connection this long, then lets it go. */
const HIDDEN_MS = 30_000;

interface LiveOptions {
  readonly onMessage: (message: LiveMessage) => void;
  readonly onState: (state: LinkState) => void;
}

/** The stream of events from the feeder: opens, notices silence, opens again. */
export class LiveLink {
  readonly #options: LiveOptions;
  #state: LinkState = 'connecting';
  #source: EventSource | undefined;
  #heardAtMs = 0;
  #attempt = 0;
  #isProbing = false;
  #retry: number | undefined;
  #hiding: number | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Connects, and stays connected for as long as somebody looks at the page. */
  start(): void {
    setInterval(() => this.#watch(), WATCH_MS);
    document.addEventListener('visibilitychange', () => this.#onVisibility());
    addEventListener('offline', () => this.#fail());
    addEventListener('online', () => this.#open());
    addEventListener('pageshow', () => this.#onVisibility());
    this.#open();
  }

  #dispatch(event: LinkEvent): void {
    const next = nextLinkState(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    this.#options.onState(next);
  }

  #open(): void {
    if (this.#state === 'asleep') return;
    this.#close();
    this.#heardAtMs = performance.now();
    const source = new EventSource('/api/v1/events');
    this.#source = source;
    for (const name of Object.keys(EVENT_NAMES) as LiveEventName[]) {
      source.addEventListener(name, (event) => this.#onEvent(source, name, event));
    }
    source.addEventListener('error', () => {
      if (source === this.#source) this.#fail();
    });
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#source?.close();
    this.#source = undefined;
  }

  #onEvent(source: EventSource, name: LiveEventName, event: MessageEvent<string>): void {
    if (source !== this.#source) return;
    const body: unknown = JSON.parse(event.data);
    this.#heard();
    this.#options.onMessage({ name, body } as LiveMessage);
    if (name === 'stopping') this.#fail();
  }

  #heard(): void {
    this.#heardAtMs = performance.now();
    this.#attempt = 0;
    this.#dispatch('heard');
  }

  #fail(): void {
    this.#close();
    this.#dispatch('failed');
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#state === 'asleep') return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), retryDelayMs(this.#attempt));
    this.#attempt += 1;
  }

  /** A wire that was cut says nothing: so silence is asked about, and then believed. */
  #watch(): void {
    if (this.#source === undefined || this.#state === 'asleep') return;
    const silentMs = performance.now() - this.#heardAtMs;
    if (silentMs > SILENCE_MS_MAX) {
      this.#close();
      this.#dispatch('silent');
      this.#retryLater();
      return;
    }
    if (silentMs > PROBE_AFTER_MS && this.#state === 'live' && !this.#isProbing) {
      void this.#probe(this.#source);
    }
  }

  /** A silent scale is not a silent feeder. */
  async #probe(source: EventSource): Promise<void> {
    this.#isProbing = true;
    try {
      await api.isAlive(SILENCE_MS_MAX - PROBE_AFTER_MS);
      if (source === this.#source) this.#heardAtMs = performance.now();
    } catch {
      // No answer is what the watch then sees: the silence goes on until it is called lost.
    } finally {
      this.#isProbing = false;
    }
  }

  #onVisibility(): void {
    clearTimeout(this.#hiding);
    if (document.visibilityState === 'hidden') {
      this.#hiding = setTimeout(() => {
        this.#close();
        this.#dispatch('hidden');
      }, HIDDEN_MS);
      return;
    }
    if (this.#state !== 'asleep') return;
    this.#dispatch('shown');
    this.#open();
  }
}
