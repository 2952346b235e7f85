import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';

/** One request of a plan. */
export interface Shot {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

export interface OpenLoopResult {
  /** From the instant at which each request was due, so that waiting for others counts. */
  readonly latenciesMs: readonly number[];
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Sends requests at fixed times, whether or not the answers have come: a client that waits hides
 * every stall of the server. Latency counts from the due time.
 */
export async function openLoop(options: {
  readonly url: string;
  readonly shots: readonly Shot[];
  readonly perSecond: number;
  readonly connections: number;
}): Promise<OpenLoopResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const latenciesMs: number[] = [];
  const statuses: Record<string, number> = {};
  const everyMs = 1000 / options.perSecond;
  const startMs = performance.now() + 20;
  const pending: Promise<void>[] = [];
  for (const [index, shot] of options.shots.entries()) {
    const dueMs = startMs + index * everyMs;
    await until(dueMs);
    pending.push(
      send(agent, options.url, shot).then((status) => {
        latenciesMs.push(performance.now() - dueMs);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }),
    );
  }
  await Promise.all(pending);
  agent.destroy();
  return { latenciesMs, statuses };
}

/** Timers fire up to a millisecond late, so the last stretch is spent on the processor. */
async function until(dueMs: number): Promise<void> {
  const waitMs = dueMs - performance.now() - 1.5;
  if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs));
  while (performance.now() < dueMs) await new Promise((done) => setImmediate(done));
}

function send(agent: Agent, url: string, shot: Shot): Promise<number> {
  return new Promise((done, fail) => {
    const outgoing = request(
      new URL(shot.path, url),
      {
        agent,
        method: shot.method,
        headers: shot.body === undefined ? {} : { 'content-type': 'application/json' },
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => done(answer.statusCode ?? 0));
      },
    );
    outgoing.once('error', fail);
    outgoing.end(shot.body);
  });
}
