import { request } from 'node:http';

/** What an API call answered; `status` 0: the connection was lost before an answer came. */
export interface Answer<T> {
  readonly status: number;
  readonly data: T | undefined;
  readonly code: string | undefined;
}

/** One call of a feeder's API. A daemon that dies in the middle is an answer, not an error. */
export function call<T>(
  url: string,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((done) => {
    const lost = () => done({ status: 0, data: undefined, code: undefined });
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request(
      new URL(`/api/v1${path}`, url),
      { method, headers, agent: false },
      (incoming) => {
        let received = '';
        incoming.on('data', (part: Buffer) => {
          received += part.toString();
        });
        incoming.once('error', lost);
        incoming.once('close', () => {
          if (!incoming.complete) return lost();
          const parsed = JSON.parse(received) as { data?: T; error?: { code: string } };
          done({
            status: incoming.statusCode ?? 0,
            data: parsed.data,
            code: parsed.error?.code,
          });
        });
      },
    );
    outgoing.once('error', lost);
    outgoing.end(text);
  });
}
