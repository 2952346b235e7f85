import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import { ask, newId } from '../own-cloud.ts';
import * as feeder from './feeder-commands.ts';
import * as member from './member-commands.ts';
import { type Model, type ModelFeeder, newModelFeeder, type World } from './model.ts';

/* Commands of the model, drawn by fast-check; each is one thing that a feeder or a member does. */

type Command = fc.AsyncCommand<Model, World>;
export const FEEDERS = 3;
export const HOMES = 2;
/** Orders of one run: the service takes ten at once for a feeder. */
const ORDERS_MAX = 8;
const nonces = [randomBytes(8), randomBytes(8)].map((bytes) => bytes.toString('base64url'));

/** Which feeder, of which home somebody asks, at which node, and what is picked of what there is. */
interface Draw {
  readonly who: number;
  readonly home: number;
  readonly node: number;
  readonly pick: number;
}
const draw = fc.record({
  who: fc.nat(FEEDERS - 1),
  home: fc.nat(HOMES - 1),
  node: fc.nat(1),
  pick: fc.nat(5),
});

type Run = (pair: feeder.Pair, at: Draw, world: World) => Promise<void>;
type When = (model: ModelFeeder) => boolean;
const claimed: When = ({ home }) => home !== null;
const always: When = () => true;

function command(name: string, when: When, run: Run) {
  return draw.map(
    (at): Command => ({
      check: ({ feeders }) => when(feeders[at.who] ?? newModelFeeder()),
      run: async ({ feeders }, world) => {
        const [model, real] = [feeders[at.who], world.feeders[at.who]];
        if (model === undefined || real === undefined) return;
        real.url = world.urls[at.node % world.urls.length] ?? real.url;
        await run({ model, real }, at, world);
      },
      toString: () => `${name}(${JSON.stringify(at)})`,
    }),
  );
}

const asking = (pair: feeder.Pair, { home: number }: Draw, { homes }: World): member.Asking => {
  const home = homes[number];
  if (home === undefined) throw new RangeError('There is no such home.');
  return { ...pair, home, number };
};
const picked = <T>(all: Iterable<T>, { pick }: Draw): T | undefined => {
  const list = [...all];
  return list[pick % Math.max(1, list.length)];
};
const wrongs = ['gap', 'fork', 'unknown_epoch', 'too_large', 'bad_request'] as const;
const ends = ['done', 'failed', 'refused'] as const;

/** What a feeder says, drawn from what it knows. */
function factsOf(model: ModelFeeder, at: Draw): feeder.Fact[] {
  const doc = feeder.someDoc(model, at.pick, at.home === 1);
  const open = picked(model.wishes, at);
  const ordered = picked(model.commands, at);
  const facts: feeder.Fact[] = [{ what: 'unknown' }, { what: 'doc', doc }, { what: 'poison' }];
  if (open !== undefined) {
    const [mid, { docId }] = open;
    const known = model.docs.get(docId)?.doc;
    const fresh = { kind: 'meal', id: docId, rev: 1, deleted: false, grevs: { label: 1 } };
    facts.push({
      what: 'closed',
      mid,
      doc: known ?? { ...fresh, groups: { label: { name: 'x' } } },
    });
  }
  if (ordered !== undefined) {
    const end = ends[at.pick % ends.length] ?? 'done';
    // Now and then it is the word of another claim than the granted one.
    const nonce = (at.node === 0 ? ordered[1].nonce : null) ?? nonces[at.home] ?? '';
    facts.push({ what: 'ended', id: ordered[0], end, nonce });
  }
  return facts.slice(at.pick % 3, 2 + at.pick);
}

/* Drawn more often: a command is interesting when it is asked for more than once. */
const claimACommand = command('claim a command', claimed, (pair, at) =>
  feeder.claimCommand(
    pair,
    picked(pair.model.commands.keys(), at) ?? newId(),
    nonces[at.home] ?? '',
  ),
);
const feedNow = command(
  'feed now',
  ({ home, commands }) => home !== null && commands.size < ORDERS_MAX,
  (pair, at, world) => {
    const known = at.pick === 0 ? picked(pair.model.commands.keys(), at) : undefined;
    const order = { id: known ?? newId(), mg: 1000 + at.node, isLate: at.pick === 5 };
    return member.feedNow(asking(pair, at, world), order);
  },
);

const all = [
  command('claim', always, async (pair, at, world) => {
    await feeder.claim(pair, asking(pair, at, world).home, at.home);
  }),
  command('hello', claimed, (pair) => feeder.hello(pair)),
  command('hello', claimed, (pair) => feeder.hello(pair)),
  command(
    'hello of a copy',
    ({ epochs }) => epochs.length > 0,
    (pair) => feeder.helloOfCopy(pair),
  ),
  command('send', claimed, (pair, at) => feeder.send(pair, factsOf(pair.model, at), false)),
  command('send', claimed, (pair, at) => feeder.send(pair, factsOf(pair.model, at), false)),
  command('send a gap', claimed, (pair) =>
    feeder.send(pair, [{ what: 'unknown' }, { what: 'unknown' }], true),
  ),
  command('send again', claimed, (pair) => feeder.sendAgain(pair)),
  command('send wrong', claimed, (pair, at) =>
    feeder.sendWrong(pair, wrongs[at.pick % wrongs.length] ?? 'gap'),
  ),
  command('fill', claimed, (pair) => feeder.fill(pair)),
  command('down', claimed, (pair) => feeder.pullDown(pair)),
  claimACommand,
  claimACommand,
  claimACommand,
  command('send a clip', claimed, (pair) => feeder.sendClip(pair)),
  command('revoke', claimed, (pair, at, world) => member.revoke(asking(pair, at, world))),
  feedNow,
  feedNow,
  command('cancel', claimed, (pair, at, world) =>
    member.cancel(asking(pair, at, world), picked(pair.model.commands.keys(), at) ?? newId()),
  ),
  command('read a command', claimed, (pair, at, world) =>
    member.readCommand(asking(pair, at, world), picked(pair.model.commands.keys(), at) ?? newId()),
  ),
  command('wish', claimed, (pair, at, world) =>
    member.wish(
      asking(pair, at, world),
      at.pick === 0 ? picked(pair.model.wishes.keys(), at) : undefined,
    ),
  ),
  command('read a wish', claimed, (pair, at, world) =>
    member.readWish(asking(pair, at, world), picked(pair.model.wishes.keys(), at) ?? newId()),
  ),
  command('read all', claimed, (pair, at, world) => member.readAll(asking(pair, at, world))),
  command('forget the cache', always, (_, __, { forgetCache }) => forgetCache()),
  command('a stranger', claimed, async ({ real }, at, { homes, urls }) => {
    const memberToken = (await homes[at.home]?.anotherToken()) ?? '';
    const url = urls[at.node] ?? '';
    const tries: readonly [string, string][] = [
      ['/v1/sync/events', memberToken],
      [`/v1/devices/${real.deviceId}`, real.token],
      ['/v1/sync/hello', `${real.token.slice(0, -6)}AAAAAA`],
    ];
    for (const [path, token] of tries) {
      const body = path.startsWith('/v1/sync') ? { body: {} } : {};
      expect([401, 429]).toContain((await ask(url, path, { token, ...body })).status);
    }
  }),
];

/** Sequences of commands, each up to so long. */
export function sequences(maxCommands: number, replayPath?: string) {
  const replay = replayPath === undefined ? {} : { replayPath };
  return fc.commands(all, { maxCommands, size: 'max', ...replay });
}
