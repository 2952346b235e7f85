import { both, core, cuts, images, type SourceEdit, type SyncMutant, up } from './mutant-edits.ts';

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

/** Rules of commands and of sessions. */
export const commandMutants: readonly SyncMutant[] = [
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
        find: 'endCommand(turn, command, known ?? interrupted);',
        replace:
          "store.transact('again', () => store.putCommand({ ...command, state: 'claiming' }));",
      },
    ],
    faults: cuts,
  },
  {
    name: 'book_of_feedings',
    rule: 'what a start finds as being carried out ends as it is written down',
    edits: [
      {
        file: `${up}/command-desk.ts`,
        find: 'known ?? interrupted',
        replace: 'known === null ? interrupted : interrupted',
      },
    ],
    faults: cuts,
  },
  {
    name: 'unconfirmed_is_open',
    rule: 'a result replaces what the cloud only supposed',
    edits: [
      {
        file: `${core}/command-states.ts`,
        find: '  if (said.has(command.state)) return undefined;\n',
        replace:
          "  if (said.has(command.state) || command.state === 'unconfirmed') return undefined;\n",
      },
    ],
    faults: ['no_common_version', 'partition', 'half_open'],
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
    name: 'restore_expiry',
    rule: 'a restored cloud expires every queued command',
    edits: [restoreExpiry],
    faults: ['both_restore'],
  },
  {
    name: 'session_again',
    rule: 'a restored cloud begins no session a second time',
    edits: [
      {
        file: `${core}/hello.ts`,
        find: 'Math.max(device.session, session_prev) + 1',
        replace: '(session_prev < 0 ? session_prev : device.session) + 1',
      },
    ],
    faults: ['cloud_restore', 'duplicate', 'delay', 'owner_change', 'clone'],
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
];
