import {
  both,
  core,
  cuts,
  images,
  restores,
  type SourceEdit,
  type SyncMutant,
  up,
} from './mutant-edits.ts';

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

/** Rules of the ledger and its epochs: what goes up, and what a fork does. */
export const logMutants: readonly SyncMutant[] = [
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
        find: 'const seq = Math.min(answer?.acked ?? 0, segment.head);',
        replace: 'const seq = Math.max(segment.acked, Math.min(answer?.acked ?? 0, segment.head));',
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
