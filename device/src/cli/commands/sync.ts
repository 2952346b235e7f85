import type { CloudView } from '@cat-feeder/shared';
import type { Command } from '../command.ts';

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
    name: 'sync unlink',
    usage: '',
    summary: 'Forget the account: the feeder is local from now on.',
    words: [0, 0],
    run: async ({ api }) => {
      const data = await api.remove('/cloud');
      return { data, text: 'The feeder belongs to no account any more. It goes on feeding.' };
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

function cloudText({ url, state, account, waiting, why, claim, ...view }: CloudView): string {
  const { secondsSinceAnswer } = view;
  const answered = secondsSinceAnswer === null ? 'never' : `${secondsSinceAnswer} s ago`;
  const lines = [`${url}: ${states[state]}`];
  if (account !== null) lines.push(`Account: ${account}`, `Last answer: ${answered}`);
  if (account !== null) lines.push(`Entries that the cloud does not have yet: ${waiting}`);
  if (account !== null) lines.push(`Doorbell: ${bells[view.doorbell]}`);
  if (why !== '') lines.push(`Why: ${why}`);
  if (claim !== null) lines.push(claimText(claim));
  return lines.join('\n');
}

function claimText({ code, secondsLeft, account }: ClaimView): string {
  if (account === null) return `Code: ${code}, for ${secondsLeft} s more`;
  return `${account} asks for this feeder. To agree: feeder sync agree '${account}'`;
}
