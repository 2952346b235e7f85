import { type CloudQueue, type CloudView, type Conflict, FeederError } from '@cat-feeder/shared';
import type { CloudPort } from '../../src/api/deps.ts';

const claim = { code: 'K7QP3M2X', secondsLeft: 600, account: 'ada@example.org' };

export const CONFLICT_ID = '01jtc0nf00000000000000000a';

/** Breakfast was moved on the page and in the cloud; the cloud's edit was the later one. */
const breakfast: Conflict = {
  id: CONFLICT_ID,
  atMs: 1_795_341_600_000,
  kind: 'meal',
  docId: '01jtmea1000000000000000000',
  name: 'Breakfast',
  groups: [
    {
      group: 'timing',
      outcome: 'applied',
      kept: { time: '08:00', weekdays: [1, 2, 3, 4, 5, 6, 7] },
      lost: { time: '07:30', weekdays: [1, 2, 3, 4, 5, 6, 7] },
    },
    {
      group: 'portion',
      outcome: 'superseded',
      kept: { portionGrams: 20 },
      lost: { portionGrams: 25 },
    },
  ],
  reason: null,
  state: 'open',
  canRestore: true,
  why: '',
};

/** A link to a cloud that does what it is asked at once. */
export class FakeCloud implements CloudPort {
  claim: CloudView['claim'] = null;
  account: string | null = null;
  hurries = 0;
  isAway = false;
  isRefused = false;
  isCloned = false;
  found: Conflict[] = [breakfast];
  pending: CloudQueue = {
    waiting: 3,
    nextTrySeconds: 42,
    items: [
      { what: 'command', id: CONFLICT_ID, name: 'feed', atMs: null, why: 'asking' },
      {
        what: 'entry',
        id: '1:7',
        name: 'feeding.ended',
        atMs: 1_795_341_600_000,
        why: 'no_connection',
      },
    ],
  };

  view(): CloudView {
    const { account, claim: present } = this;
    return {
      url: 'https://cloud.test',
      state: account === null ? 'unclaimed' : this.#state(),
      account,
      device: account === null ? null : 'a'.repeat(26),
      waiting: 3,
      secondsSinceAnswer: account === null ? null : 4,
      why: '',
      doorbell: 'off',
      openConflicts: this.found.filter(({ state }) => state === 'open').length,
      clips: null,
      cloned: this.isCloned,
      claim: present,
    };
  }

  #state(): CloudView['state'] {
    if (this.isRefused) return 'local';
    return this.isAway ? 'resting' : 'online';
  }

  async beginClaim() {
    this.claim = claim;
    return claim;
  }

  agree(account: string): void {
    if (account !== claim.account) throw new FeederError('ERR_CONFLICT');
    this.account = account;
    this.claim = null;
  }

  async rotateKey(): Promise<void> {}

  cancelClaim(): void {
    this.claim = null;
  }

  unlink(): void {
    this.account = null;
  }

  conflicts(): readonly Conflict[] {
    return this.found;
  }

  restoreConflict(id: string): Conflict {
    return this.#settle(id, 'restored');
  }

  dismissConflict(id: string): Conflict {
    return this.#settle(id, 'dismissed');
  }

  hurry(): void {
    this.hurries += 1;
  }

  queue(): CloudQueue {
    return this.pending;
  }

  #settle(id: string, state: Conflict['state']): Conflict {
    const found = this.found.find((one) => one.id === id);
    if (found === undefined) throw new FeederError('ERR_NOT_FOUND');
    const settled = { ...found, state, canRestore: state !== 'restored' };
    this.found = this.found.map((one) => (one.id === id ? settled : one));
    return settled;
  }
}
