import type { SeededRandom } from '../../device/src/platform/random.ts';
import type { LinkOutput } from '../../device/src/sync/link-io.ts';
import type { Weather } from './faults.ts';
import { NodeCrash } from './memory-cloud.ts';
import type { Recorder } from './recorder.ts';
import type { SimFeeder } from './sim-feeder.ts';
import type { HttpAnswer, SimNode } from './sim-node.ts';
import type { Timeline } from './timeline.ts';

type Request = Extract<LinkOutput, { kind: 'request' }>;

/** What stands between a feeder and the cloud, and until when. */
export interface Obstacle {
  readonly kind: 'partition' | 'half_open' | 'portal';
  readonly untilMs: number;
}

export interface NetworkOptions {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly recorder: Recorder;
  readonly nodes: readonly SimNode[];
  readonly weather: () => Weather['chances'];
  /** Looks at an answer of the cloud before it leaves. */
  readonly answered: (feeder: SimFeeder, path: string, answer: HttpAnswer) => void;
}

/** Batches and pages may not be larger than this as text, before compression. */
const MESSAGE_CHARS_MAX = 400_000;

/** Requests and answers on their way. */
export class SimNetwork {
  readonly obstacles = new Map<SimFeeder, Obstacle>();
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  send(feeder: SimFeeder, request: Request): void {
    const { recorder, timeline, random } = this.#options;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    recorder.note(`${feeder.options.name} > ${request.path} ${body ?? ''}`);
    if ((body?.length ?? 0) > MESSAGE_CHARS_MAX) {
      recorder.violate('R1', `a message of ${body?.length} characters`);
    }
    const obstacle = this.#obstacle(feeder);
    if (obstacle?.kind === 'partition') return;
    const { life } = feeder;
    if (obstacle?.kind === 'portal') {
      timeline.after(20, () => {
        if (feeder.life === life)
          feeder.take({ kind: 'answer', id: request.id, ...portal(random) });
      });
      return;
    }
    if (this.#chance('request_lost', feeder)) return;
    const sent = { feeder, life, id: request.id, path: request.path, body };
    timeline.after(this.#delayMs(feeder), () => this.#arrive(sent));
    if (this.#chance('duplicate', feeder)) {
      timeline.after(this.#delayMs(feeder) + random.next() * 20_000, () => this.#arrive(sent));
    }
  }

  async #arrive(sent: {
    feeder: SimFeeder;
    life: number;
    id: number;
    path: string;
    body: string | undefined;
  }): Promise<void> {
    const { random, nodes, timeline, recorder } = this.#options;
    const { feeder, path, body } = sent;
    const node = nodes[random.uint32() % nodes.length];
    if (node === undefined) return;
    if (timeline.nowMs < node.downUntilMs) {
      this.#deliver(sent, null);
      return;
    }
    let answer: HttpAnswer | null = null;
    try {
      answer = await node.handle(feeder.options.deviceId, { path, body });
      this.#options.answered(feeder, path, answer);
    } catch (error) {
      if (!(error instanceof NodeCrash)) throw error;
      node.downUntilMs = timeline.nowMs + 5_000;
    }
    recorder.note(`${feeder.options.name} < ${node.name} ${path} ${JSON.stringify(answer)}`);
    if (this.#obstacle(feeder)?.kind === 'half_open') return;
    if (this.#chance('answer_lost', feeder)) return;
    this.#deliver(sent, answer);
  }

  #deliver(sent: { feeder: SimFeeder; life: number; id: number }, answer: HttpAnswer | null): void {
    const { timeline } = this.#options;
    const { feeder, life, id } = sent;
    const isGarbled = answer !== null && this.#chance('garbled', feeder);
    timeline.after(this.#delayMs(feeder), () => {
      if (feeder.life !== life) return;
      if (answer === null) feeder.take({ kind: 'failed', id });
      else if (isGarbled)
        feeder.take({ kind: 'answer', id, ...garble(this.#options.random, answer) });
      else feeder.take({ kind: 'answer', id, ...answer });
    });
  }

  #obstacle(feeder: SimFeeder): Obstacle | undefined {
    const found = this.obstacles.get(feeder);
    return found !== undefined && found.untilMs > this.#options.timeline.nowMs ? found : undefined;
  }

  #delayMs(feeder: SimFeeder): number {
    const { random } = this.#options;
    const slow = this.#chance('delay', feeder) ? random.next() * 40_000 : 0;
    return 5 + random.next() * 120 + slow;
  }

  #chance(name: keyof Weather['chances'], feeder: SimFeeder): boolean {
    const { random, weather, recorder } = this.#options;
    if (!random.chance(weather()[name])) return false;
    recorder.fault(name, feeder.options.name);
    return true;
  }
}

/** What hotels, proxies and old routers answer in the cloud's place. */
function portal(random: SeededRandom): HttpAnswer {
  const answers: readonly HttpAnswer[] = [
    { status: 200, body: undefined },
    { status: 200, body: { ok: true } },
    { status: 200, body: {} },
    { status: 302, body: undefined },
    { status: 401, body: undefined },
    { status: 403, body: { error: 'login required' } },
    { status: 404, body: undefined },
    { status: 410, body: undefined },
    { status: 503, body: undefined },
    { status: 200, body: { err: 'revoked' } },
    { status: 200, body: { items: 0, ack: null } },
  ];
  return answers[random.uint32() % answers.length] ?? { status: 200, body: undefined };
}

/** A body cut off on the way is no JSON; a cached answer is an answer to something else. */
function garble(random: SeededRandom, answer: HttpAnswer): HttpAnswer {
  if (random.chance(0.5)) return { status: answer.status, body: undefined };
  return { status: 200, body: { v: 1, ack: 'x' } };
}
