import { core, images, type SyncMutant, up } from './mutant-edits.ts';

/** Rules of documents, their projections and the downlink. */
export const documentMutants: readonly SyncMutant[] = [
  {
    name: 'digest',
    rule: 'the documents are compared at hello',
    edits: [
      {
        file: `${core}/hello.ts`,
        find: 'isSettled && (await digest(context, tx, device)) !== hello.docs',
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
        find: 'const reason = input.validate(doc);',
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
];
