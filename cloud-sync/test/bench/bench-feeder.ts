import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { gzipSync } from 'node:zlib';
import {
  type BatchAnswer,
  canonicalJson,
  chainText,
  type EventBody,
  eventKinds,
} from '@cat-feeder/shared';
import { realSystem } from '../../src/platform/system.ts';

const text8 = () => randomBytes(8).toString('base64url');
const kind = eventKinds['feeding.ended'].number;

/** The end of a feeding, as a feeder writes it: 420 bytes as JSON. */
export function benchBody(n: number): EventBody<'feeding.ended'> {
  return {
    ...{ feedingId: `01kb${String(n).padStart(22, '0')}`, result: 'served', fault: null },
    ...{ lowMg: 19_200 + (n % 700), likelyMg: 19_800 + (n % 700), highMg: 20_600 + (n % 700) },
    ...{ method: 'measured', bowlBeforeMg: n % 4000, bowlAfterMg: 19_800 + (n % 4000) },
    ...{ milliTurns: 5100 + (n % 90), attempts: 1, motorMs: 4200 + (n % 300), why: '' },
  };
}

export interface ReadyBatch {
  readonly bytes: Buffer;
  readonly events: number;
}

/** One feeder under load: its chain is made beforehand, so that only the service is measured. */
export class BenchFeeder {
  readonly #url: URL;
  readonly #token: string;
  readonly #agent: Agent;
  readonly #boot = text8();
  readonly #genesis = text8();
  #session = 0;
  #epoch = 0;
  #seq = 0;
  #hash = this.#genesis;
  acked = 0;

  constructor(url: string, token: string) {
    this.#url = new URL(url);
    this.#token = token;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  async hello(): Promise<void> {
    const seg = { epoch: this.#epoch, gen: this.#genesis, base: 1, head: 0 };
    const said = await this.#post(
      '/v1/sync/hello',
      gzipSync(
        JSON.stringify({
          ...{ v: 1, proto: { min: 1, max: 1 }, caps: [], fw: 'bench', boot: this.#boot },
          ...{ session_prev: 0, segs: [seg], dcur: 0, docs: null, now: {}, t0: 0 },
        }),
      ),
    );
    const answer = JSON.parse(said) as { session: number; segs: { epoch: number }[] };
    this.#session = answer.session;
    this.#epoch = answer.segs[0]?.epoch ?? 0;
  }

  /** The next entries, chained and packed. */
  prepare(count: number): ReadyBatch {
    const first = this.#seq + 1;
    const prev = this.#hash;
    const events = Array.from({ length: count }, () => {
      this.#seq += 1;
      const b = benchBody(this.#seq);
      const eid = text8();
      const chained = { eid, kind, kver: 1, boot: this.#boot, monoMs: this.#seq };
      this.#hash = chainText(realSystem.sha256, this.#hash, { ...chained, body: canonicalJson(b) });
      return { e: eid, k: kind, kv: 1, t: realSystem.wallMs(), tq: 2, bt: 0, mo: this.#seq, b };
    });
    const frame = { v: 1, session: this.#session, epoch: this.#epoch, first, prev, dcur: 0 };
    const plain = JSON.stringify({ ...frame, boots: [this.#boot], events });
    return { bytes: gzipSync(plain), events: count };
  }

  async send({ bytes }: ReadyBatch): Promise<void> {
    const answer = JSON.parse(await this.#post('/v1/sync/events', bytes)) as BatchAnswer;
    this.acked = answer.ack.seq;
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, bytes: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#url;
      const headers = {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'content-length': bytes.length,
      };
      const sent = request({ hostname, port, path, method: 'POST', agent: this.#agent, headers });
      sent.once('error', reject);
      sent.once('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`${path}: ${answer.statusCode} ${text}`));
        });
      });
      sent.end(bytes);
    });
  }
}
