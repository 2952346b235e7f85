import type { EventBody } from '@cat-feeder/shared';
import type { CommandRow } from './cloud-store.ts';

/*
 * A command in the cloud.
 *
 *   queued --claim in time--> claimed --result--> done | failed | refused
 *      |                         '--10 min--> unconfirmed --result--> done | failed | refused
 *      '--> expired | cancelled
 *
 * S1 What the feeder says of its own claim is final and replaces what the cloud only supposed.
 * S2 The word of another claim than the granted one says nothing.
 */
const said: ReadonlySet<CommandRow['state']> = new Set(['done', 'failed', 'refused']);

/** The command after a feeder's word about it; undefined: nothing changes. */
export function endOf(
  command: CommandRow,
  word: EventBody<'command.ended'>,
): CommandRow | undefined {
  if (said.has(command.state)) return undefined;
  if (command.nonce !== null && command.nonce !== word.nonce) return undefined;
  if (command.nonce === null && word.state === 'refused') return undefined;
  return { ...command, state: word.state, nonce: word.nonce, reason: word.reason };
}

/** The command after a claim; a refusal when it may not start. */
export function claimOf(
  command: CommandRow,
  claim: { readonly nonce: string; readonly nowMs: number },
): CommandRow | 'expired' | 'cancelled' | 'taken' {
  const { nonce, nowMs } = claim;
  const isInTime = nowMs <= command.notAfterMs;
  if (command.state === 'queued') {
    if (!isInTime) return 'expired';
    return { ...command, state: 'claimed', nonce, claimedMs: nowMs };
  }
  if (command.state === 'claimed' && command.nonce === nonce) return isInTime ? command : 'expired';
  return command.state === 'expired' || command.state === 'cancelled' ? command.state : 'taken';
}
