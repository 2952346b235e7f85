import { sign } from 'node:crypto';
import { eventKinds, type HeadClaim, headWords } from '@cat-feeder/shared';
import type { SyncNow, SyncStore } from '../sync/sync-store.ts';
import type { DeviceIdentity } from './device-identity.ts';

const signedKind = eventKinds['ledger.signed'].number;

/** A text under this feeder's key. */
export function signText(identity: DeviceIdentity, text: string): string {
  return sign(null, Buffer.from(text), identity.privateKey).toString('base64url');
}

/**
 * Vouches for the ledger so far by an entry of it, which the cloud gets like any other. False:
 * nothing has happened since the last time. `ERR_STORAGE`.
 */
export function signHead(store: SyncStore, identity: DeviceIdentity, now: SyncNow): boolean {
  return store.transact('ledger.sign', () => {
    const segment = store.segments().at(-1);
    if (segment === undefined) return false;
    const { epoch, genesis, head: seq } = segment;
    const hash = store.hashAt(epoch, seq);
    const [last] = store.items(epoch, seq, 1);
    const isSigned = last?.item === 'event' && last.kind === signedKind;
    if (hash === undefined || seq === 0 || isSigned) return false;
    const { tq } = now;
    const atMs = Math.max(0, Math.round(now.wallMs));
    const head: HeadClaim = { genesis, seq, hash, atMs, tq, key: identity.publicKey.x };
    store.append('ledger.signed', { ...head, signature: signText(identity, headWords(head)) });
    return true;
  });
}
