import type { SyncFault } from './faults.ts';

/** A change of one file's text. */
export interface SourceEdit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One rule of the protocol, and the changes that take it away: more than one where two rules stand in for each other. */
export interface SyncMutant {
  readonly name: string;
  /** What is taken away, in a few words. */
  readonly rule: string;
  readonly edits: readonly SourceEdit[];
  /** The faults under which its absence shows soonest; missing: all. */
  readonly faults?: readonly SyncFault[];
}

const up = 'device/src/sync';
const core = 'cloud-sync/src/core';
const cuts: readonly SyncFault[] = [
  'power_cut',
  'power_cut_before_commit',
  'power_cut_after_commit',
  'answer_lost',
];
const images: readonly SyncFault[] = ['image_rollback', 'answer_lost', 'partition'];
const restores: readonly SyncFault[] = ['cloud_restore', 'partition', 'answer_lost'];
const both: readonly SyncFault[] = ['both_restore', 'image_rollback', 'cloud_restore', 'partition'];

const helloHash: SourceEdit = {
  file: `${up}/greeting.ts`,
  find: 'return own !== answer.hash;',
  replace: 'return false;',
};
const ownHash: SourceEdit = {
  file: `${up}/batches.ts`,
  find: 'return own === undefined || own === ack.hash;',
  replace: 'return true;',
};
const chainPrev: SourceEdit = {
  file: `${core}/ingest.ts`,
  find: 'batch.first === ackedSeq + 1 && batch.prev !== ackedHash',
  replace: 'false',
};
const commandKnown: SourceEdit = {
  file: `${up}/downlink.ts`,
  find: '  if (store.command(item.ref) !== undefined) return;\n',
  replace: '',
};
const restoreExpiry: SourceEdit = {
  file: `${core}/commands.ts`,
  find: 'for (const command of queued) await expire(tx, command);',
  replace: '',
};

/** Every rule that can be taken away, one at a time. */
export const syncMutants: readonly SyncMutant[] = [
  {
    name: 'chain_prev',
    rule: 'the cloud notices a foreign history even when no feeder does',
    edits: [helloHash, ownHash, chainPrev],
    faults: [...images, 'lost_fsync'],
  },
  {
    name: 'hello_hash',
    rule: 'hello compares the hash at what is acknowledged',
    edits: [helloHash],
    faults: [...images, 'lost_fsync'],
  },
  {
    name: 'no_chain',
    rule: 'the chain leads through what is acknowledged, wherever a batch begins',
    edits: [
      {
        file: `${core}/ingest.ts`,
        find: 'overlap !== undefined && overlap.row.hash !== ackedHash',
        replace: 'false',
      },
    ],
    faults: ['clone', 'answer_lost', 'duplicate', 'both_restore', 'image_rollback', 'lost_fsync'],
  },
  {
    name: 'local_ack',
    rule: 'what was acknowledged is learned from the cloud each time',
    edits: [
      {
        file: `${up}/greeting.ts`,
        find: 'const seq = Math.min(answer.acked, segment.head);',
        replace: 'const seq = Math.max(segment.acked, Math.min(answer.acked, segment.head));',
      },
    ],
    faults: restores,
  },
  {
    name: 'no_gap_rule',
    rule: 'a batch begins at most one after what is acknowledged',
    edits: [
      {
        file: `${core}/ingest.ts`,
        find: "if (batch.first > epoch.ackedSeq + 1) return refused('gap');",
        replace: '',
      },
    ],
    faults: ['cloud_restore'],
  },
  {
    name: 'ack_on_sending',
    rule: 'only an answer acknowledges',
    edits: [
      {
        file: `${up}/link.ts`,
        find: 'else settle(turn, answer, (body) => takeAck(turn, request.epoch, body));',
        replace: `else if (answer.kind === 'ok') takeAck(turn, request.epoch, answer.body);
      else {
        const sent = turn.context.store.segments().find(({ epoch }) => epoch === request.epoch);
        const seq = sent?.head ?? 0;
        const hash = turn.context.store.hashAt(request.epoch, seq) ?? '';
        takeAck(turn, request.epoch, { ack: { epoch: request.epoch, seq, hash }, next_ms: 0 });
      }`,
      },
    ],
    faults: ['request_lost', 'trim'],
  },
  {
    name: 'schema_of_answers',
    rule: 'an answer that fits no schema is no answer',
    edits: [
      {
        file: `${up}/answers.ts`,
        find: "return parsed.success ? { kind: 'ok', body: parsed.output } : { kind: 'noise', retryAfterMs };",
        replace: "return { kind: 'ok', body: body as T };",
      },
    ],
    faults: ['portal', 'garbled'],
  },
  {
    name: 'have_at_fork',
    rule: 'what the cloud has is not sent again at a fork',
    edits: [
      {
        file: `${up}/fork-work.ts`,
        find: "item.item === 'gap' || !have.some(([a, b]) => a <= item.seq && item.seq <= b)",
        replace: 'true',
      },
    ],
    faults: [...both, 'lost_fsync', 'owner_change', 'trim', 'drop_class_c'],
  },
  {
    name: 'genesis_idempotent',
    rule: 'the same genesis gets the same epoch',
    edits: [
      {
        file: `${core}/fork.ts`,
        find: '  if (known !== undefined) return known.epoch;\n',
        replace: '',
      },
    ],
    faults: [...images, 'request_lost', 'small_limits'],
  },
  {
    name: 'pending_genesis',
    rule: 'the genesis of a fork is durable before it is sent',
    edits: [
      {
        file: `${up}/fork-work.ts`,
        find: 'active.pendingGenesis ?? bytesToText(random(HASH_BYTES))',
        replace: 'bytesToText(random(HASH_BYTES))',
      },
    ],
    faults: [...images, ...cuts],
  },
  {
    name: 'max_epoch',
    rule: 'nothing is appended to an epoch that is not the newest',
    edits: [
      {
        file: `${up}/greeting.ts`,
        find: '!segment.closed && segment.epoch < maxEpoch',
        replace: 'false',
      },
    ],
    faults: ['clone', 'image_rollback', 'lost_fsync', 'owner_change', 'cloud_restore', 'partition'],
  },
  {
    name: 'digest',
    rule: 'the documents are compared at hello',
    edits: [
      {
        file: `${core}/hello.ts`,
        find: 'isSettled && (await digest(context, tx)) !== hello.docs',
        replace: 'false',
      },
    ],
  },
  {
    name: 'restore_offers',
    rule: 'documents of a forgotten life are offered',
    edits: [
      {
        file: `${core}/lost-docs.ts`,
        find: '    if ((await tx.mutation(mid)) !== undefined) continue;\n',
        replace: '    if (mid !== null) continue;\n',
      },
    ],
    faults: images,
  },
  {
    name: 'gone_is_not_deleted',
    rule: 'absence is never deletion',
    edits: [
      { file: `${core}/lost-docs.ts`, find: '  if (row.isGone) return false;\n', replace: '' },
    ],
    faults: ['clone', 'partition', 'cloud_restore', 'half_open', 'image_rollback'],
  },
  {
    name: 'projection_order',
    rule: 'projections follow the numbers, not the arrival',
    edits: [
      {
        file: `${core}/projection.ts`,
        find: 'if (present !== undefined && !isAfter(at, present)) return;',
        replace: '',
      },
    ],
    faults: ['trim', 'cloud_restore', 'image_rollback', 'both_restore', 'drop_class_c'],
  },
  {
    name: 'claim',
    rule: 'a command is claimed before anything moves',
    edits: [
      {
        file: `${core}/command-states.ts`,
        find: "return command.state === 'expired' || command.state === 'cancelled' ? command.state : 'taken';",
        replace: 'return { ...command, nonce };',
      },
    ],
    faults: [...images, 'lost_fsync', 'push_late', 'push_twice', 'clone'],
  },
  {
    name: 'ttl',
    rule: 'the cloud judges the age of a command at its claim',
    edits: [
      { file: `${core}/command-states.ts`, find: "if (!isInTime) return 'expired';", replace: '' },
    ],
    faults: ['partition', 'push_late', 'power_cut', 'delay'],
  },
  {
    name: 'ttl_again',
    rule: 'the same nonce is granted only in time, too',
    edits: [
      {
        file: `${core}/command-states.ts`,
        find: "return isInTime ? command : 'expired';",
        replace: 'return command;',
      },
    ],
    faults: ['partition', 'answer_lost', 'half_open', 'request_lost'],
  },
  {
    name: 'claim_window',
    rule: 'a claim is used within five monotonic seconds',
    edits: [
      {
        file: `${up}/command-desk.ts`,
        find: 'now.monoMs - claim.sentMonoMs > CLAIM_WINDOW_MS',
        replace: 'false',
      },
      {
        file: `${up}/command-desk.ts`,
        find: 'startByMonoMs: claim.sentMonoMs + CLAIM_WINDOW_MS',
        replace: 'startByMonoMs: Infinity',
      },
    ],
    faults: ['delay', 'half_open'],
  },
  {
    name: 'nonce_renewal',
    rule: 'a nonce does not outlive a start',
    edits: [
      {
        file: `${up}/command-desk.ts`,
        find: "store.transact('sync.renew_claim', () => store.putCommand({ ...command, nonce }));",
        replace: 'if (nonce === null) return;',
      },
    ],
    faults: ['lost_fsync', 'answer_lost'],
  },
  {
    name: 'executing_is_durable',
    rule: '`executing` is committed before the motor may start',
    edits: [
      {
        file: `${up}/command-desk.ts`,
        find: "store.transact('sync.executing', () => store.putCommand({ ...command, state: 'executing' }));",
        replace: '',
      },
    ],
    faults: cuts,
  },
  {
    name: 'interrupted',
    rule: 'what was running at a cut is ended, not repeated',
    edits: [
      {
        file: `${up}/command-desk.ts`,
        find: "endCommand(turn, command, { end: 'failed', reason: 'interrupted', feedingId: null });",
        replace:
          "store.transact('again', () => store.putCommand({ ...command, state: 'claiming' }));",
      },
    ],
    faults: cuts,
  },
  {
    name: 'results_are_final',
    rule: 'what a feeder said of a command does not change',
    edits: [
      {
        file: `${core}/command-states.ts`,
        find: '  if (said.has(command.state)) return undefined;\n',
        replace: '',
      },
    ],
    faults: [...both, 'lost_fsync', 'clone'],
  },
  {
    name: 'nonce_of_results',
    rule: 'the word of another claim than the granted one says nothing',
    edits: [
      {
        file: `${core}/command-states.ts`,
        find: 'command.nonce !== null && command.nonce !== word.nonce',
        replace: 'false',
      },
    ],
    faults: ['lost_fsync', 'push_late', 'clone', 'power_cut'],
  },
  {
    name: 'command_known',
    rule: 'a command whose id is known is not begun again, even if a restored cloud queues it',
    edits: [commandKnown, restoreExpiry],
    faults: ['cloud_restore', 'answer_lost'],
  },
  {
    name: 'mutation_known',
    rule: 'a mutation whose id is known is not applied again',
    edits: [
      {
        file: `${up}/downlink.ts`,
        find: 'if (known !== undefined) {',
        replace: 'if (known === null) {',
      },
    ],
    faults: ['cloud_restore', 'partition', 'answer_lost'],
  },
  {
    name: 'tell_again',
    rule: 'an outcome that a restored cloud forgot is said once more',
    edits: [
      {
        file: `${up}/downlink.ts`,
        find: 'if (isAllTold) tellAgain',
        replace: 'if (known === null) tellAgain',
      },
    ],
    faults: ['cloud_restore', 'trim', 'poison_down'],
  },
  {
    name: 'renumber_open',
    rule: 'open items below the cursor get new numbers',
    edits: [
      {
        file: `${core}/downlink.ts`,
        find: '(row) => row.dseq <= cursor',
        replace: '(row) => row.dseq < 0',
      },
    ],
    faults: ['cloud_restore', 'trim', 'push_late'],
  },
  {
    name: 'cursor',
    rule: 'only the next item is taken from a push',
    edits: [
      {
        file: `${up}/downlink.ts`,
        find: 'item.success && item.output.d === cursor + 1',
        replace: 'item.success',
      },
      {
        file: `${up}/downlink.ts`,
        find: "  if (item.d <= store.number('cursor')) return;\n",
        replace: '',
      },
    ],
    faults: ['push_twice', 'push_late'],
  },
  {
    name: 'whole_document',
    rule: 'the whole document must be valid after a merge',
    edits: [
      {
        file: 'shared/src/sync/merge.ts',
        find: 'const reason = doc.deleted ? null : input.validate(doc);',
        replace: 'const reason: string | null = null;',
      },
    ],
  },
  {
    name: 'tombstones',
    rule: 'a deleted document stays deleted',
    edits: [
      {
        file: 'shared/src/sync/merge.ts',
        find: "if (doc.deleted) return lost(input, 'deleted');",
        replace:
          'if (doc.deleted) return accept(input, blank(mutation), Object.keys(mutation.groups), {});',
      },
    ],
  },
  {
    name: 'touched',
    rule: 'a restored copy does not replace a newer edit',
    edits: [
      {
        file: 'shared/src/sync/merge.ts',
        find: "if (input.isTouched) return whole(input, 'superseded', 'edited');",
        replace: '',
      },
    ],
    faults: [...images, 'partition'],
  },
  {
    name: 'restore_expiry',
    rule: 'a restored cloud expires every queued command',
    edits: [restoreExpiry],
    faults: ['both_restore'],
  },
  {
    name: 'fencing',
    rule: 'an older session is fenced',
    edits: [
      {
        file: `${core}/cloud-context.ts`,
        find: "if (device.session !== who.session) return refused('fenced');",
        replace: '',
      },
    ],
    faults: ['clone', 'delay', 'duplicate', 'image_rollback'],
  },
  {
    name: 'own_hash',
    rule: 'the feeder notices a foreign history even when no cloud does',
    edits: [chainPrev, ownHash, helloHash],
    faults: ['clone', 'duplicate', 'delay', 'both_restore', 'lost_fsync'],
  },
  {
    name: 'fill',
    rule: 'gaps that the feeder still has are filled',
    edits: [
      {
        file: `${up}/greeting.ts`,
        find: 'const gaps = answer?.gaps ?? [];',
        replace:
          'const gaps: readonly (readonly [number, number])[] = [];\n  if (answer === null) return [];',
      },
    ],
    faults: ['drop_class_c', 'image_rollback', 'trim', 'cloud_restore'],
  },
  {
    name: 'oversize',
    rule: 'an entry that is too large goes as a gap',
    edits: [
      {
        file: `${up}/batches.ts`,
        find: 'isRefused ? oversize(item) :',
        replace: 'isRefused && false ? oversize(item) :',
      },
      {
        file: `${up}/batches.ts`,
        find: 'if (utf8Length(body) > EVENT_BODY_BYTES_MAX) return oversize(item);',
        replace: '',
      },
    ],
    faults: ['oversize_event'],
  },
  {
    name: 'quarantine',
    rule: 'a body that cannot be read is stored and set aside',
    edits: [
      {
        file: `${core}/projection.ts`,
        find: 'if (!parsed.success) return { ...row, quarantined: true };',
        replace: "if (!parsed.success) throw new RangeError('odd body');",
      },
    ],
    faults: ['poison_event'],
  },
  {
    name: 'unknown_items',
    rule: 'an item that is not understood is closed as unsupported',
    edits: [
      {
        file: `${up}/downlink.ts`,
        find: "else if (item.k !== 'cmd') closeUnknown(turn, item);",
        replace: '',
      },
    ],
    faults: ['poison_down'],
  },
  {
    name: 'trimmed_gap',
    rule: 'what the feeder no longer has is sent as a gap',
    edits: [
      {
        file: `${up}/batches.ts`,
        find: 'if (first < segment.base) {',
        replace: 'if (first < 0) {',
      },
    ],
    faults: ['trim', 'cloud_restore'],
  },
  {
    name: 'adopt_epoch',
    rule: 'a restored cloud takes over epochs that it has forgotten',
    edits: [
      {
        file: `${core}/hello.ts`,
        find: 'const epoch = asked.epoch === 0 ? device.maxEpoch + 1 : asked.epoch;',
        replace: 'const epoch = device.maxEpoch + 1;',
      },
    ],
    faults: both,
  },
  {
    name: 'closed_segments',
    rule: 'closed segments are sent again, too',
    edits: [
      {
        file: `${up}/batches.ts`,
        find: 'find(({ epoch, head }) => {\n    const ack',
        replace:
          'find(({ epoch, head, closed }) => {\n    if (closed) return false;\n    const ack',
      },
    ],
    faults: both,
  },
];
