import {
  bytesToText,
  CLAIM_WINDOW_MS,
  CLAIMS_MAX,
  type ClaimAnswer,
  HASH_BYTES,
  REQUEST_TIMEOUT_MS,
  SYNC_VERSION,
  type SyncRefusal,
} from '@cat-feeder/shared';
import type { CommandWord } from './link-io.ts';
import type { LocalCommand } from './sync-store.ts';
import { change, emit, jitter, noteAppended, type Turn } from './turn.ts';

/*
 * Commands: claim before act.
 *
 *   claiming --granted within 5 s of its sending--> executing --result--> ended
 *       '------refused, or granted too late------------------------------->'
 *
 * K1 `claiming` and its nonce are durable before the claim is sent.
 * K2 `executing` is durable before the motor may start; who finds it at a start ends it, as the
 *    feeder's own book of feedings says, and repeats nothing.
 * K4 A start draws new nonces: the same nonce is granted again, so it must not outlive the memory
 *    of what was done with it.
 * K3 The window is monotonic time since the sending of the very claim that was granted.
 */

/** Least and greatest wait before a claim without an answer is sent again. */
const CLAIM_RETRY_MS = 500;
const CLAIM_RETRY_SPREAD_MS = 1000;

/** Asks for those commands that nobody has asked for yet. */
export function sendClaims(turn: Turn): void {
  const { store, now } = turn.context;
  if (now.monoMs < turn.state.claimRetryAtMs) return;
  const asked = new Set(Object.values(turn.state.claims).map(({ commandId }) => commandId));
  for (const command of store.openCommands()) {
    if (asked.size >= CLAIMS_MAX) return;
    if (command.state !== 'claiming' || asked.has(command.id)) continue;
    asked.add(command.id);
    sendClaim(turn, command);
  }
}

function sendClaim(turn: Turn, { id: commandId, nonce }: LocalCommand): void {
  const id = emit(turn, {
    method: 'POST',
    path: `/v1/commands/${commandId}/claim`,
    body: { v: SYNC_VERSION, session: turn.state.session, nonce },
    timeoutMs: REQUEST_TIMEOUT_MS,
  });
  const sent = { commandId, sentMonoMs: turn.context.now.monoMs };
  change(turn, { claims: { ...turn.state.claims, [id]: sent } });
}

/** Takes a claim off the list; undefined when nobody waits for this answer any more. */
export function claimUnderWay(turn: Turn, id: number) {
  const { [id]: found, ...claims } = turn.state.claims;
  if (found !== undefined) change(turn, { claims });
  return found;
}

/** A claim was granted. */
export function takeGrant(
  turn: Turn,
  claim: { readonly commandId: string; readonly sentMonoMs: number },
  answer: ClaimAnswer,
): void {
  const { store, now } = turn.context;
  const command = store.command(claim.commandId);
  if (command?.state !== 'claiming' || answer.nonce !== command.nonce) return;
  if (now.monoMs - claim.sentMonoMs > CLAIM_WINDOW_MS) {
    endCommand(turn, command, { end: 'refused', reason: 'late', feedingId: null });
    return;
  }
  store.transact('sync.executing', () => store.putCommand({ ...command, state: 'executing' }));
  turn.outputs.push({
    kind: 'execute',
    commandId: command.id,
    order: command.order,
    startByMonoMs: claim.sentMonoMs + CLAIM_WINDOW_MS,
  });
}

/** The cloud said no, for good. */
export function takeDenial(turn: Turn, commandId: string, refusal: SyncRefusal): void {
  const command = turn.context.store.command(commandId);
  if (command?.state !== 'claiming') return;
  endCommand(turn, command, { end: 'refused', reason: refusal, feedingId: null });
}

/** No answer: the same claim is asked again with the same nonce. */
export function askAgain(turn: Turn): void {
  const { now, random } = turn.context;
  const waitMs = CLAIM_RETRY_MS + jitter(random, CLAIM_RETRY_SPREAD_MS);
  change(turn, { claimRetryAtMs: now.monoMs + waitMs });
}

const interrupted: CommandWord = { end: 'failed', reason: 'interrupted', feedingId: null };

/** The command's end and its entry, in one transaction. */
export function endCommand(turn: Turn, command: LocalCommand, word: CommandWord): void {
  const { store } = turn.context;
  const { id: commandId, nonce } = command;
  const { end: state, reason, feedingId } = word;
  store.transact('sync.command_ended', () => {
    store.putCommand({ ...command, state: 'ended' });
    store.append('command.ended', { commandId, nonce, state, reason, feedingId });
  });
  noteAppended(turn, 'A');
}

/**
 * After a start. K2: what was running ends as the book says; what it knows nothing of never began. K4: what was being claimed is claimed with a
 * new nonce, since a card that lies may have lost that it was granted and carried out.
 */
export function resumeCommands(turn: Turn): void {
  const { store, random, outcomeOf } = turn.context;
  for (const command of store.openCommands()) {
    if (command.state === 'executing') {
      const known = outcomeOf(command.id);
      if (known !== 'running') endCommand(turn, command, known ?? interrupted);
      continue;
    }
    const nonce = bytesToText(random(HASH_BYTES));
    store.transact('sync.renew_claim', () => store.putCommand({ ...command, nonce }));
  }
}
