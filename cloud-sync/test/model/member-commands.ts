import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ask, newId, type OwnHome, type Said } from '../own-cloud.ts';
import type { Pair } from './feeder-commands.ts';
import { openItems, readableDocs, readableEids } from './model.ts';

/* What a member of a home asks, each with what the service must say. */

/** A member who asks about a feeder, perhaps of another home. */
export interface Asking extends Pair {
  readonly home: OwnHome;
  readonly number: number;
}

const NOT_FOUND = { status: 404, body: { err: 'not_found' } };
/** A clock of milliseconds has gone on after this. */
const STEP_MS = 5;

async function request(
  { home, real }: Asking,
  path: string,
  part: { readonly method?: string; readonly body?: unknown } = {},
): Promise<Said> {
  const token = await home.anotherToken();
  return ask(real.url, `/v1/devices/${real.deviceId}${path}`, { token, ...part });
}

const isTheirs = ({ model, number }: Asking) => model.home === number;
const isStranger = (asking: Asking, said: Said): boolean => {
  if (isTheirs(asking)) return false;
  expect(said).toMatchObject(NOT_FOUND);
  return true;
};

export async function revoke(asking: Asking): Promise<void> {
  const said = await request(asking, '', { method: 'DELETE' });
  if (isStranger(asking, said)) return;
  expect(said).toMatchObject({ status: 200, body: { status: 'revoked' } });
  asking.model.isRevoked = true;
}

/** Orders a feeding; the same id once more is the same order, or none. */
export async function feedNow(
  asking: Asking,
  order: { readonly id: string; readonly mg: number; readonly isLate: boolean },
): Promise<void> {
  const { model } = asking;
  const { id, mg, isLate } = order;
  const ttl = isLate ? { ttl_ms: 1 } : {};
  const body = { id, order: { op: 'feed', mg }, ...ttl };
  const said = await request(asking, '/commands', { body });
  if (isStranger(asking, said)) return;
  const known = model.commands.get(id);
  if (model.isRevoked) expect(said).toMatchObject({ status: 403, body: { err: 'revoked' } });
  else if (known !== undefined && known.mg !== mg) {
    expect(said).toMatchObject({ status: 409, body: { err: 'reused' } });
  } else if (known !== undefined) expect(said.body).toEqual({ state: known.state });
  else if (model.session === 0) {
    expect(said).toMatchObject({ status: 409, body: { err: 'offline' } });
  } else {
    expect(said).toMatchObject({ status: 200, body: { state: 'queued' } });
    model.commands.set(id, { state: 'queued', nonce: null, mg, isLate });
    model.down.push(id);
    if (isLate) await sleep(STEP_MS);
  }
}

export async function cancel(asking: Asking, id: string): Promise<void> {
  const said = await request(asking, `/commands/${id}/cancel`, { body: {} });
  if (isStranger(asking, said)) return;
  const command = asking.model.commands.get(id);
  if (command?.state === 'queued') command.state = 'cancelled';
  expect(said).toMatchObject(
    command === undefined ? NOT_FOUND : { status: 200, body: { state: command.state } },
  );
}

/** Reads a command: what nobody claimed in time has ended by then. */
export async function readCommand(asking: Asking, id: string): Promise<void> {
  const said = await request(asking, `/commands/${id}`);
  if (isStranger(asking, said)) return;
  for (const command of asking.model.commands.values()) {
    if (command.state === 'queued' && command.isLate) command.state = 'expired';
  }
  const state = asking.model.commands.get(id)?.state;
  expect(said).toMatchObject(state === undefined ? NOT_FOUND : { status: 200, body: { state } });
}

/** Wishes for a document, or wishes the same once more. */
export async function wish(asking: Asking, known: string | undefined): Promise<void> {
  const { model } = asking;
  const mid = known ?? newId();
  const docId = model.wishes.get(mid)?.docId ?? newId();
  const body = { mid, op: 'create', groups: { label: { name: 'Snack' } } };
  const said = await request(asking, `/docs/meal/${docId}`, { method: 'PATCH', body });
  if (isStranger(asking, said)) return;
  if (model.isRevoked) {
    expect(said).toMatchObject({ status: 403, body: { err: 'revoked' } });
    return;
  }
  const outcomes = model.wishes.get(mid)?.outcomes ?? null;
  expect(said).toMatchObject({ status: 200, body: { outcomes } });
  if (model.wishes.has(mid)) return;
  model.wishes.set(mid, { outcomes: null, docId });
  model.down.push(mid);
}

export async function readWish(asking: Asking, mid: string): Promise<void> {
  const said = await request(asking, `/mutations/${mid}`);
  if (isStranger(asking, said)) return;
  const known = asking.model.wishes.get(mid);
  expect(said).toMatchObject(
    known === undefined ? NOT_FOUND : { status: 200, body: { outcomes: known.outcomes } },
  );
}

/** Reads everything that a home may see of a feeder, and nothing that it may not. */
export async function readAll(asking: Asking): Promise<void> {
  const { model, number, home, real } = asking;
  const [link, events, docs, clips] = await Promise.all([
    request(asking, ''),
    request(asking, '/events?limit=500'),
    request(asking, '/docs'),
    request(asking, '/clips'),
  ]);
  const list = await ask(real.url, '/v1/devices', { token: await home.anotherToken() });
  const listed = (list.body['devices'] as { deviceId: string }[]).map(({ deviceId }) => deviceId);
  expect(listed.includes(real.deviceId)).toBe(isTheirs(asking));
  for (const said of [link, events, docs, clips]) isStranger(asking, said);
  if (!isTheirs(asking)) return;
  const status = model.isRevoked ? 'revoked' : 'active';
  expect(link.body).toMatchObject({ status, pending: openItems(model).length });
  const seen = (events.body['events'] as { eid: string }[]).map(({ eid }) => eid);
  expect(seen).toEqual(readableEids(model, number));
  const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
  const found = (docs.body['docs'] as { id: string }[]).toSorted(byId);
  expect(found).toEqual(readableDocs(model, number).toSorted(byId));
  const own = [...model.clips].filter(([, clip]) => clip.home === number).map(([id]) => id);
  const stored = (clips.body['clips'] as { clip: string }[]).map(({ clip }) => clip);
  expect(stored.toSorted()).toEqual(own.toSorted());
}
