import type {
  CloudQueue,
  CloudView,
  Conflict,
  GroupOutcome,
  Pending,
  PendingWhy,
  Settings,
} from '@cat-feeder/shared';
import type { Command } from '../command.ts';
import { tableText, timeText } from '../text.ts';

type ClaimView = NonNullable<CloudView['claim']>;

/** The link to the cloud, and the way to an account. */
export const syncCommands: readonly Command[] = [
  {
    name: 'sync',
    alias: 'sync status',
    usage: '',
    summary: 'Say how the link to the cloud stands.',
    words: [0, 0],
    run: async ({ api }) => {
      const cloud = await api.get<CloudView>('/cloud');
      return { data: cloud, text: cloudText(cloud) };
    },
  },
  {
    name: 'sync claim',
    usage: '',
    summary: 'Ask for a code that links this feeder to an account of the cloud.',
    words: [0, 0],
    run: async ({ api }) => {
      const claim = await api.post<ClaimView>('/cloud/claim');
      const text = `Type ${claim.code} at the cloud. Then look at: feeder sync`;
      return { data: claim, text };
    },
  },
  {
    name: 'sync agree',
    usage: 'ACCOUNT',
    summary: 'Agree that this account, which has typed the code, gets the feeder.',
    words: [1, 1],
    run: async ({ api, words: [account = ''] }) => {
      const data = await api.post('/cloud/agree', { account });
      return { data, text: `${account} gets this feeder as soon as the cloud has heard of it.` };
    },
  },
  {
    name: 'sync rotate-key',
    usage: '',
    summary: 'Change the key by which the cloud knows this feeder.',
    words: [0, 0],
    run: async ({ api }) => {
      const data = await api.post('/cloud/key');
      return {
        data,
        text: 'The cloud knows the feeder by a new key; the former one ends in a week.',
      };
    },
  },
  {
    name: 'sync unlink',
    usage: '',
    summary: 'Forget the account: the feeder is local from now on.',
    words: [0, 0],
    run: async ({ api }) => {
      const data = await api.remove('/cloud');
      return { data, text: 'The feeder belongs to no account any more. It goes on feeding.' };
    },
  },
  {
    name: 'sync now',
    usage: '',
    summary: 'Try to reach the cloud now, instead of after the wait.',
    words: [0, 0],
    run: async ({ api }) => {
      const data = await api.post('/cloud/hurry');
      return { data, text: 'It is tried within two seconds. Then look at: feeder sync' };
    },
  },
  {
    name: 'sync queue',
    usage: '',
    summary: 'What waits for the cloud, and why.',
    words: [0, 0],
    run: async ({ api }) => {
      const queue = await api.get<CloudQueue>('/cloud/queue');
      const { zone } = await api.get<Settings>('/settings');
      return { data: queue, text: queueText(queue, zone) };
    },
  },
  {
    name: 'sync conflicts',
    usage: '',
    summary: 'Edits of feeder and cloud that met: what was kept, and what was not.',
    words: [0, 0],
    run: async ({ api }) => {
      const list = await api.get<{ items: Conflict[] }>('/cloud/conflicts');
      const { zone } = await api.get<Settings>('/settings');
      const texts = list.items.map((one) => conflictText(one, zone));
      return { data: list, text: texts.length === 0 ? 'There are none.' : texts.join('\n') };
    },
  },
  {
    name: 'sync restore',
    usage: 'ID',
    summary: 'Make the edit of a conflict again that was not kept.',
    words: [1, 1],
    run: async ({ api, words: [id = ''] }) => {
      const data = await api.post<Conflict>(`/cloud/conflicts/${encodeURIComponent(id)}/restore`);
      return { data, text: 'It holds again, and the cloud will hear of it.' };
    },
  },
  {
    name: 'sync dismiss',
    usage: 'ID',
    summary: 'Say that a conflict is settled as it is.',
    words: [1, 1],
    run: async ({ api, words: [id = ''] }) => {
      const data = await api.post<Conflict>(`/cloud/conflicts/${encodeURIComponent(id)}/dismiss`);
      return { data, text: 'It stays as it is.' };
    },
  },
];

const states: Readonly<Record<CloudView['state'], string>> = {
  unclaimed: 'no account has this feeder',
  off: 'not started',
  resting: 'no connection; tries again by itself',
  connecting: 'connecting',
  online: 'online',
  local: 'refused by the cloud; the feeder is local',
};

const bells: Readonly<Record<CloudView['doorbell'], string>> = {
  off: 'none; the cloud is asked every now and then',
  waiting: 'no connection; the cloud is asked every now and then',
  calling: 'connecting',
  listening: 'the cloud can ring',
};

const CLONED = `The cloud has seen a second copy of this feeder. Give the copy an identity of its own: there,
feeder sync unlink, and a new claim. Then claim this one again.`;

function cloudText({ url, state, account, waiting, why, claim, ...view }: CloudView): string {
  const { secondsSinceAnswer, openConflicts } = view;
  const answered = secondsSinceAnswer === null ? 'never' : `${secondsSinceAnswer} s ago`;
  const lines = [`${url}: ${states[state]}`];
  if (account !== null) lines.push(`Account: ${account}`, `Last answer: ${answered}`);
  if (account !== null) lines.push(`Entries that the cloud does not have yet: ${waiting}`);
  if (account !== null) lines.push(`Doorbell: ${bells[view.doorbell]}`);
  const { clips } = view;
  if (clips?.isOn === true) {
    lines.push(`Clips to send: ${clips.waiting}${clips.why === '' ? '' : ` (${clips.why})`}`);
  }
  if (why !== '') lines.push(`Why: ${why}`);
  if (openConflicts > 0) {
    lines.push(`Edits that met: ${openConflicts}; see: feeder sync conflicts`);
  }
  if (view.cloned) lines.push(CLONED);
  if (claim !== null) lines.push(claimText(claim));
  return lines.join('\n');
}

function claimText({ code, secondsLeft, account }: ClaimView): string {
  if (account === null) return `Code: ${code}, for ${secondsLeft} s more`;
  return `${account} asks for this feeder. To agree: feeder sync agree '${account}'`;
}

const reasons: Readonly<Record<PendingWhy, string>> = {
  unclaimed: 'no account has this feeder',
  off: 'the link is not started',
  no_connection: 'no connection',
  connecting: 'the feeder is saying hello',
  refused: 'the cloud refuses this feeder',
  under_way: 'on its way',
  next_batch: 'goes with the next batch',
  collecting: 'waits for company, an hour at most',
  asking: 'the cloud is asked whether it may still start',
  executing: 'being carried out',
};

function queueText({ waiting, nextTrySeconds, items }: CloudQueue, zone: string): string {
  const retry = nextTrySeconds === null ? '' : ` The next try is in ${nextTrySeconds} s.`;
  if (items.length === 0) return `Nothing waits.${retry}`;
  const when = ({ atMs }: Pending) => (atMs === null ? '' : timeText(atMs, zone));
  const rows = items.map((one) => [one.id, when(one), one.name, reasons[one.why]]);
  return `${waiting} entries wait.${retry}\n${tableText(rows)}`;
}

const winners: Readonly<Record<GroupOutcome, string>> = {
  applied: 'the cloud’s edit holds',
  superseded: 'the feeder’s edit holds',
  rejected: 'the cloud’s edit was refused',
  unsupported: 'not understood',
};

function conflictText(conflict: Conflict, zone: string): string {
  const { id, atMs, kind, name, groups, reason, state, canRestore, why } = conflict;
  const head = `${timeText(atMs, zone)}  ${kind} ${name ?? '(gone)'}  ${state}  ${id}`;
  const lines = groups.map(({ group, outcome, kept, lost }) => {
    const part = group === '*' ? 'all of it' : group;
    return `  ${part}: ${winners[outcome]}; kept ${textOf(kept)}, lost ${textOf(lost)}`;
  });
  const because = reason === null ? [] : [`  Why: ${reason}`];
  const way = canRestore ? `  To have it back: feeder sync restore ${id}` : `  ${why}`;
  return [head, ...lines, ...because, way].join('\n');
}

function textOf(fields: Readonly<Record<string, unknown>> | null): string {
  return fields === null ? 'nothing' : JSON.stringify(fields);
}
