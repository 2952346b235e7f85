import { FeederError, syncRefusals } from '@cat-feeder/shared';
import * as v from 'valibot';
import { readAnswer } from '../sync/answers.ts';
import { type CloudHttp, NoAnswer } from './cloud-http.ts';
import type { DeviceIdentity } from './device-identity.ts';

/*
 * Another key for this feeder.
 *
 *   one key --next key durable--> asking --answer--> the next key is the one
 *                                   |  '--no answer--> asked again at the next wish, with the same key;
 *                                   '                  a login that is refused tries it by itself
 *
 * Whatever is lost in between, one of the two keys is believed: the cloud takes both for a week.
 */

const AnswerSchema = v.object({ ok: v.literal(true) });

/** Changes the key at the cloud, then here. Throws `ERR_UNAVAILABLE` or `ERR_CONFLICT`. */
export async function rotateKey(parts: {
  readonly http: CloudHttp;
  readonly identity: DeviceIdentity;
  /** Null: no cloud knows this feeder. */
  readonly deviceId: string | null;
}): Promise<void> {
  const { http, identity, deviceId } = parts;
  if (deviceId === null) {
    throw new FeederError('ERR_CONFLICT', { message: 'No cloud knows a key of this feeder yet.' });
  }
  const next = identity.prepareNext();
  const { signal } = new AbortController();
  const raw = await http.rotate(next, deviceId, signal).catch((error: unknown) => {
    if (error instanceof NoAnswer) return null;
    throw error;
  });
  if (raw === null) throw unavailable();
  const answer = readAnswer(AnswerSchema, raw);
  if (answer.kind === 'noise') throw unavailable();
  if (answer.kind === 'refused') {
    const { why } = syncRefusals[answer.refusal];
    throw new FeederError('ERR_CONFLICT', { message: `The cloud did not take the key: ${why}.` });
  }
  identity.adoptNext();
  http.forgetToken();
}

function unavailable(): FeederError {
  return new FeederError('ERR_UNAVAILABLE', {
    message: 'The cloud does not answer.',
    hint: 'Try again when the feeder has a connection. Until then both keys may speak for it.',
  });
}
