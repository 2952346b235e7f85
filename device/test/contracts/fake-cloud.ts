import { type CloudView, FeederError } from '@cat-feeder/shared';
import type { CloudPort } from '../../src/api/deps.ts';

const claim = { code: 'K7QP3M2X', secondsLeft: 600, account: 'ada@example.org' };

/** A link to a cloud that does what it is asked at once. */
export class FakeCloud implements CloudPort {
  claim: CloudView['claim'] = null;
  account: string | null = null;

  view(): CloudView {
    const { account, claim: present } = this;
    return {
      url: 'https://cloud.test',
      state: account === null ? 'unclaimed' : 'online',
      account,
      device: account === null ? null : 'a'.repeat(26),
      waiting: 3,
      secondsSinceAnswer: account === null ? null : 4,
      why: '',
      doorbell: 'off',
      claim: present,
    };
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

  cancelClaim(): void {
    this.claim = null;
  }

  unlink(): void {
    this.account = null;
  }
}
