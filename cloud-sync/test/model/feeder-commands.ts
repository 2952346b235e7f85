import { createHash, randomBytes } from 'node:crypto';
import {
  type CommandEnd,
  canonicalJson,
  chainText,
  type SyncDoc,
  type WireEvent,
  type WireGap,
} from '@cat-feeder/shared';
import { expect } from 'vitest';
import { realSystem } from '../../src/platform/system.ts';
import { newId, type OwnHome } from '../own-cloud.ts';
import { docChanged, type OwnFeeder } from '../own-feeder.ts';
import {
  activeOf,
  barOf,
  changeHome,
  type ModelFeeder,
  type ModelItem,
  openItems,
} from './model.ts';

/* What a feeder does, each with what the service must say and what is so afterwards. */

const text8 = () => randomBytes(8).toString('base64url');

/** A feeder of the model with the real one. */
export interface Pair {
  readonly model: ModelFeeder;
  readonly real: OwnFeeder;
}

export async function claim({ model, real }: Pair, home: OwnHome, number: number): Promise<void> {
  await real.claim(home);
  expect((await real.login()).status).toBe(200);
  changeHome(model, number);
}

/** Says hello with every segment, and forks when the active one is another home's. */
export async function hello(pair: Pair): Promise<void> {
  const { model, real } = pair;
  const genesis = text8();
  const isFirst = model.epochs.length === 0;
  const segs = model.epochs.map(({ epoch, genesis: gen, head }) => ({ epoch, gen, base: 1, head }));
  const named = isFirst ? [{ epoch: 0, gen: genesis, base: 1, head: 0 }] : segs;
  const said = await real.post('/v1/sync/hello', {
    ...{ v: 1, proto: { min: 1, max: 1 }, caps: [], fw: 'model', boot: real.boot },
    ...{ session_prev: model.ownSession, segs: named, dcur: 0, docs: null, now: {}, t0: 0 },
  });
  const bar = barOf(model, false);
  if (bar !== null) {
    expect(said).toMatchObject(bar);
    return;
  }
  model.session += 1;
  model.ownSession = model.session;
  const maxEpoch = isFirst ? 1 : model.epochs.length;
  const known = model.epochs.map(({ epoch, head, hash, home, items }, n) => {
    const isForeign = n === model.epochs.length - 1 && home !== model.home;
    if (isForeign) return { epoch: null };
    const gaps = items.filter((one) => !('eid' in one)).map(({ from, to }) => [from, to]);
    return { epoch, acked: head, hash, gaps: gaps.toReversed() };
  });
  const fresh = [{ asked: 0, epoch: 1, acked: 0, hash: genesis, gaps: [] }];
  expect(said).toMatchObject({
    status: 200,
    body: { session: model.session, max_epoch: maxEpoch, segs: isFirst ? fresh : known },
  });
  expect(refsOf(said.body['down'])).toEqual(openItems(model));
  if (isFirst) openEpoch(pair, 1, genesis);
  else if (activeOf(model)?.home !== model.home) await fork(pair);
}

async function fork({ model, real }: Pair): Promise<void> {
  const active = activeOf(model);
  if (active === undefined) return;
  const genesis = text8();
  const said = await real.post('/v1/sync/fork', {
    ...{ v: 1, session: model.ownSession, gen_new: genesis, epoch: active.epoch },
    ...{ gen: active.genesis, from: 1 },
    items: active.items.map((one) => ['eid' in one ? one.eid : one.to - one.from + 1, one.hash]),
  });
  const held = active.items.flatMap((one) => ('eid' in one ? [one.to] : []));
  const body = { epoch: model.epochs.length + 1, common: active.head === 0 ? null : active.head };
  expect(said).toMatchObject({ status: 200, body });
  const have = said.body['have'] as [number, number][];
  const numbers = have.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
  );
  expect(numbers).toEqual(held);
  openEpoch({ model, real }, model.epochs.length + 1, genesis);
}

function openEpoch({ model, real }: Pair, epoch: number, genesis: string): void {
  const home = model.home ?? 0;
  model.epochs.push({ epoch, genesis, home, items: [], head: 0, hash: genesis });
  real.epoch = epoch;
  real.seq = 0;
  real.hash = genesis;
}

/** A second copy of the feeder takes the session. */
export async function helloOfCopy({ model, real }: Pair): Promise<void> {
  const known = model.epochs.map(({ epoch, genesis: gen, head }) => ({
    epoch,
    gen,
    base: 1,
    head,
  }));
  const said = await real.post('/v1/sync/hello', {
    ...{ v: 1, proto: { min: 1, max: 1 }, caps: [], fw: 'copy', boot: text8() },
    ...{ session_prev: 0, segs: known, dcur: 0, docs: null, now: {}, t0: 0 },
  });
  const bar = barOf(model, false);
  if (bar === null) model.session += 1;
  expect(said).toMatchObject(bar ?? { status: 200, body: { session: model.session } });
}

/** What an entry of the model is about. */
export type Fact =
  | { readonly what: 'unknown' }
  | { readonly what: 'poison' }
  | { readonly what: 'doc'; readonly doc: SyncDoc }
  | {
      readonly what: 'ended';
      readonly id: string;
      readonly end: CommandEnd;
      readonly nonce: string;
    }
  | { readonly what: 'closed'; readonly mid: string; readonly doc: SyncDoc };

function eventOf(real: OwnFeeder, fact: Fact): WireEvent {
  if (fact.what === 'unknown') return real.event({ any: text8() });
  if (fact.what === 'poison') return real.event({ n: 'no number', rev: -1 }, 'doc.snapshot');
  if (fact.what === 'doc') return real.event(fact.doc, 'doc.changed');
  if (fact.what === 'ended') {
    const { id: commandId, end: state, nonce } = fact;
    return real.event({ commandId, nonce, state, reason: '', feedingId: null }, 'command.ended');
  }
  const { mid, doc } = fact;
  const outcomes = { label: 'applied' };
  const rest = { reason: null, superseded: {}, doc };
  return real.event({ mid, target: [doc.kind, doc.id], outcomes, ...rest }, 'mutation.closed');
}

function project(model: ModelFeeder, fact: Fact, epoch: number): void {
  const put = (doc: SyncDoc) => model.docs.set(doc.id, { doc, epoch });
  if (fact.what === 'doc') put(fact.doc);
  if (fact.what === 'closed') {
    const wish = model.wishes.get(fact.mid);
    if (wish !== undefined) wish.outcomes ??= { label: 'applied' };
    put(fact.doc);
  }
  if (fact.what !== 'ended') return;
  const command = model.commands.get(fact.id);
  if (command === undefined || ['done', 'failed', 'refused'].includes(command.state)) return;
  if (command.nonce === null ? fact.end === 'refused' : command.nonce !== fact.nonce) return;
  command.state = fact.end;
  command.nonce = fact.nonce;
}

/** Sends entries; some of them as a gap, which can be filled later. */
export async function send(pair: Pair, facts: readonly Fact[], isGap: boolean): Promise<void> {
  const { model, real } = pair;
  const active = activeOf(model);
  if (active === undefined) return;
  const events = facts.map((fact) => eventOf(real, fact));
  real.session = model.ownSession;
  const { body: batch, take, hash } = real.batch(events);
  const [from, to] = [active.head + 1, active.head + events.length];
  const gap: WireGap = { gap: [from, to], why: 'space', hash };
  const body = isGap ? { ...batch, events: [gap] } : batch;
  const said = await real.post('/v1/sync/events', body);
  const bar = barOf(model, true);
  if (bar !== null) {
    expect(said).toMatchObject(bar);
    return;
  }
  expect(said).toMatchObject({
    status: 200,
    body: { ack: { epoch: active.epoch, seq: to, hash } },
  });
  model.last = body;
  if (isGap) active.items.push({ withheld: events, prev: active.hash, from, to, hash });
  else {
    active.items.push(...itemsOf(real, { prev: active.hash, from }, events));
    for (const fact of facts) project(model, fact, active.epoch);
  }
  Object.assign(active, { head: to, hash });
  take();
}

function itemsOf(
  real: OwnFeeder,
  at: { readonly prev: string; readonly from: number },
  events: readonly WireEvent[],
): ModelItem[] {
  let hash = at.prev;
  return events.map(({ e: eid, k: kind, kv: kver, mo: monoMs, b }, n) => {
    const chained = { eid, kind, kver, boot: real.boot, monoMs, body: canonicalJson(b) };
    hash = chainText(realSystem.sha256, hash, chained);
    return { eid, from: at.from + n, to: at.from + n, hash };
  });
}

/** The same batch once more: the same answer, and nothing twice. */
export async function sendAgain({ model, real }: Pair): Promise<void> {
  const active = activeOf(model);
  if (active === undefined || model.last === null) return;
  const again = { ...(model.last as { epoch: number }), session: model.ownSession };
  if (again.epoch !== active.epoch) return;
  const said = await real.post('/v1/sync/events', again);
  const ack = { epoch: active.epoch, seq: active.head, hash: active.hash };
  expect(said).toMatchObject(barOf(model, true) ?? { status: 200, body: { ack } });
}

/** A batch that does not follow, or that is too large: refused, and nothing is stored. */
export async function sendWrong(
  { model, real }: Pair,
  how: 'gap' | 'fork' | 'unknown_epoch' | 'too_large' | 'bad_request',
): Promise<void> {
  if (activeOf(model) === undefined) return;
  real.session = model.ownSession;
  const { body } = real.batch([real.event(how === 'too_large' ? 'x'.repeat(8200) : 1)]);
  const wrong = {
    gap: { ...body, first: body.first + 3 },
    fork: { ...body, prev: text8() },
    unknown_epoch: { ...body, epoch: 4_000_000 },
    too_large: body,
    bad_request: { ...body, boots: [] },
  }[how];
  const status = { too_large: 413, bad_request: 400 }[how as 'too_large'] ?? 409;
  const said = await real.post('/v1/sync/events', wrong);
  expect(said).toMatchObject(barOf(model, true) ?? { status, body: { err: how } });
}

/** Brings what was withheld, of whichever epoch. */
export async function fill({ model, real }: Pair): Promise<void> {
  for (const epoch of model.epochs) {
    const at = epoch.items.findIndex((one) => !('eid' in one));
    const gap = epoch.items[at];
    if (gap === undefined || 'eid' in gap) continue;
    const { withheld: events, prev, from, to } = gap;
    const said = await real.post('/v1/sync/fill', {
      ...{ v: 1, session: model.ownSession, epoch: epoch.epoch, first: from, prev },
      ...{ boots: [real.boot], events },
    });
    const bar = barOf(model, true);
    expect(said).toMatchObject(bar ?? { status: 200, body: { filled: [from, to] } });
    if (bar === null) epoch.items.splice(at, 1, ...itemsOf(real, { prev, from }, events));
    return;
  }
}

export async function pullDown({ model, real }: Pair): Promise<void> {
  const said = await real.get(`/v1/sync/down?session=${model.ownSession}&after=0`);
  const bar = barOf(model, true);
  if (bar !== null) expect(said).toMatchObject(bar);
  else expect(refsOf(said.body)).toEqual(openItems(model));
}

function refsOf(down: unknown): string[] {
  return (down as { items: { ref: string }[] }).items.map(({ ref }) => ref);
}

/** Asks for leave to carry out a command: the one place that says yes. */
export async function claimCommand(
  { model, real }: Pair,
  id: string,
  nonce: string,
): Promise<void> {
  const body = { v: 1, session: model.ownSession, nonce };
  const said = await real.post(`/v1/commands/${id}/claim`, body);
  const bar = barOf(model, true);
  const command = model.commands.get(id);
  if (bar !== null || command === undefined) {
    expect(said).toMatchObject(bar ?? { status: 404 });
    return;
  }
  const isOwn = command.state === 'claimed' && command.nonce === nonce;
  if ((command.state === 'queued' && !command.isLate) || isOwn) {
    expect(said).toMatchObject({ status: 200, body: { ok: true, nonce } });
    Object.assign(command, { state: 'claimed', nonce });
    return;
  }
  if (command.state === 'queued') command.state = 'expired';
  const err = ['expired', 'cancelled'].includes(command.state) ? command.state : 'taken';
  expect(said).toMatchObject({ status: 410, body: { err } });
}

/** Sends a clip: announced, put into the store, and completed. */
export async function sendClip({ model, real }: Pair): Promise<void> {
  const id = newId();
  const bytes = randomBytes(64);
  const sha256 = createHash('sha256').update(bytes).digest('base64url');
  const announced = await real.post(`/v1/clips/${id}/upload`, { bytes: 64, sha256 });
  const bar = barOf(model, false);
  if (bar !== null) {
    expect(announced).toMatchObject(bar);
    return;
  }
  const [part] = announced.body['parts'] as { url: string; headers: Record<string, string> }[];
  const md5 = createHash('md5').update(bytes);
  const etag = md5.copy().digest('hex');
  const headers = { ...part?.headers, 'content-md5': md5.digest('base64') };
  expect((await fetch(part?.url ?? '', { method: 'PUT', body: bytes, headers })).status).toBe(200);
  const complete = { parts: [{ n: 1, etag }] };
  for (const _ of [1, 2]) {
    const said = await real.post(`/v1/clips/${id}/complete`, complete);
    expect(said).toMatchObject({ status: 200, body: { state: 'stored' } });
  }
  model.clips.set(id, { home: model.home ?? 0, bytes: 64 });
}

/** A document, new or a later revision of one that is there. */
export function someDoc(model: ModelFeeder, pick: number, isDeleted: boolean): SyncDoc {
  const known = [...model.docs.values()][pick];
  if (known === undefined) return docChanged() as SyncDoc;
  const { doc } = known;
  const groups = isDeleted ? {} : { label: { name: text8() } };
  return { ...doc, rev: doc.rev + 1, deleted: isDeleted || doc.deleted, groups };
}
