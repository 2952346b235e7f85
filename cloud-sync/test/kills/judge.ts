import {
  canonicalJson,
  chainText,
  docLine,
  type EventBody,
  eventKinds,
  MealSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { fromGroups, type Groups } from '../../../device/src/storage/document-groups.ts';
import { sha256 } from '../../../device/src/storage/event-encoding.ts';
import type { CloudSide, EventSeen, FeederSide, Side } from './both-databases.ts';
import type { Promises } from './feeder-load.ts';

/** Everything that is known of one feeder when all is at rest. */
export interface Seen {
  readonly name: string;
  readonly feeder: FeederSide;
  readonly cloud: CloudSide;
  readonly promises: Promises;
  /** The meal that is edited at the feeder only. */
  readonly ownMeal: string;
  readonly dayGramsMax: number;
}

type Violate = (rule: string, sentence: string) => void;
type Check = (seen: Seen, violate: Violate) => void;

/** A motor may start so long after the last instant of its command. */
const START_WITHIN_MS = 5_000;
const DONE: ReadonlySet<string> = new Set(['done', 'failed', 'refused', 'claimed', 'unconfirmed']);

/** The invariants of docs/sync-protocol.md that two databases can tell, one function each. */
const checks: readonly Check[] = [
  checkDense,
  checkEids,
  checkSameEntries,
  checkChains,
  checkFeedings,
  checkCommands,
  checkWishes,
  checkDocuments,
  checkEdits,
  checkOneHome,
];

/** Everything that does not hold, as `rule: sentence`. */
export function judge(seen: Seen): string[] {
  const found: string[] = [];
  const violate: Violate = (rule, sentence) => found.push(`${rule}: ${seen.name} ${sentence}`);
  for (const check of checks) check(seen, violate);
  return found;
}

/** U1 entries and gaps of each epoch in the cloud are exactly 1 to acked. */
function checkDense({ cloud }: Seen, violate: Violate): void {
  for (const { epoch, acked } of cloud.epochs) {
    const numbers = [
      ...cloud.events.filter((one) => one.epoch === epoch).map(({ seq }) => [seq, seq] as const),
      ...cloud.gaps.filter((one) => one.epoch === epoch).map(({ from, to }) => [from, to] as const),
    ].sort(([a], [b]) => a - b);
    let next = 1;
    for (const [from, to] of numbers) {
      if (from !== next) violate('U1', `${epoch}:${next} is missing or twice in the cloud`);
      next = to + 1;
    }
    if (next !== acked + 1) violate('U1', `${epoch} ends at ${next - 1}, acknowledged is ${acked}`);
  }
  for (const { epoch, seq } of cloud.events.filter(({ quarantined }) => quarantined)) {
    violate('U1', `${epoch}:${seq} is quarantined`);
  }
}

/** U2 no entry twice. */
function checkEids({ cloud }: Seen, violate: Violate): void {
  const eids = new Set(cloud.events.map(({ eid }) => eid));
  if (eids.size !== cloud.events.length) violate('U2', 'an entry is in the cloud twice');
}

/** U3, U7 what the feeder has, the cloud has, and nothing else. */
function checkSameEntries({ feeder, cloud }: Seen, violate: Violate): void {
  const lineOf = ({ epoch, seq, eid, hash }: EventSeen) => `${epoch}:${seq} ${eid} ${hash}`;
  const own = feeder.events.map(lineOf);
  const stored = new Set(cloud.events.map(lineOf));
  for (const line of own) if (!stored.has(line)) violate('U3', `${line} is not in the cloud`);
  if (stored.size > own.length) violate('U3', `the cloud has ${stored.size}, own ${own.length}`);
  for (const { epoch, acked } of feeder.epochs) {
    const known = cloud.epochs.find((one) => one.epoch === epoch)?.acked ?? 0;
    if (acked > known) violate('U7', `${epoch}: ${acked} on the feeder, ${known} in the cloud`);
  }
  if (feeder.integrity !== 'ok') violate('U3', `the feeder's database: ${feeder.integrity}`);
}

/** U6 both chains follow from the genesis. */
function checkChains({ feeder, cloud }: Seen, violate: Violate): void {
  for (const [where, side] of [
    ['feeder', feeder],
    ['cloud', cloud],
  ] as const) {
    for (const { epoch, genesis } of side.epochs) {
      const broken = brokenAt(side, epoch, genesis);
      if (broken !== null) violate('U6', `${epoch}:${broken} does not follow on the ${where}`);
    }
  }
}

function brokenAt(side: Side, epoch: number, genesis: string): number | null {
  const gaps = new Map(
    side.gaps.filter((gap) => gap.epoch === epoch).map((gap) => [gap.from, gap]),
  );
  let hash = genesis;
  let next = 1;
  for (const event of side.events.filter((one) => one.epoch === epoch)) {
    for (let gap = gaps.get(next); gap !== undefined; gap = gaps.get(next)) {
      hash = gap.hash;
      next = gap.to + 1;
    }
    const body = canonicalJson(JSON.parse(event.body));
    if (event.seq !== next || chainText(sha256, hash, { ...event, body }) !== event.hash) {
      return event.seq;
    }
    hash = event.hash;
    next = event.seq + 1;
  }
  return null;
}

/** What was answered is there, once; and C4 the cap of the day holds over all paths. */
function checkFeedings({ feeder, cloud, promises, dayGramsMax }: Seen, violate: Violate): void {
  const fed = feeder.feedings.filter(({ state }) => state !== 'refused');
  const times = countOf(fed.map(({ requestId }) => requestId));
  const told = countOf(
    bodiesOf<EventBody<'feeding.claimed'>>(cloud, 'feeding.claimed').map((one) => one.requestId),
  );
  for (const id of promises.feedings) {
    if (times.get(id) !== 1) violate('U3', `feeding ${id} is there ${times.get(id) ?? 0} times`);
    if (told.get(id) !== 1) violate('U3', `the cloud has ${id} ${told.get(id) ?? 0} times`);
  }
  for (const [id, count] of times) if (count > 1) violate('C1', `${id} was fed ${count} times`);
  const grams = fed.reduce((sum, { highMg }) => sum + highMg, 0) / 1000;
  if (grams > dayGramsMax) violate('C4', `${grams} g, ${dayGramsMax} g are allowed`);
}

/** C1, C2, C3 of each command. */
function checkCommands({ feeder, cloud, promises }: Seen, violate: Violate): void {
  const known = new Map(cloud.commands.map((command) => [command.id, command]));
  for (const id of promises.commands) {
    if (!known.has(id)) violate('C3', `the cloud has lost command ${id}`);
  }
  const ends = bodiesOf<EventBody<'command.ended'>>(cloud, 'command.ended');
  for (const { id, state, notAfterMs } of cloud.commands) {
    const fed = feeder.feedings.filter(
      ({ requestId, state: s }) => requestId === id && s !== 'refused',
    );
    if (fed.length > 1) violate('C1', `${id} moved the motor ${fed.length} times`);
    for (const { claimedMs } of fed) {
      const lateMs = claimedMs - notAfterMs;
      if (lateMs > START_WITHIN_MS) violate('C2', `${id} began ${lateMs} ms too late`);
      if (!DONE.has(state)) violate('C3', `${id} was fed and is ${state} in the cloud`);
    }
    const done = ends.filter((end) => end.commandId === id && end.state === 'done');
    if (done.length > 1) violate('C3', `${id} was done ${done.length} times`);
    if (done.length === 1 && state !== 'done') violate('C3', `${id} was done and is ${state}`);
    if (state === 'done' && fed.length === 0) violate('C3', `${id} is done and was not fed`);
    const shown = promises.shown.get(id);
    if (shown !== undefined && shown !== state) violate('C3', `${id}: ${shown} became ${state}`);
  }
  for (const sentence of promises.wentBack) violate('C3', sentence);
}

/** D2 every wish has one outcome, the same on both sides. */
function checkWishes({ feeder, cloud, promises }: Seen, violate: Violate): void {
  for (const mid of promises.wishes) {
    if (!cloud.mutations.has(mid)) violate('D2', `the cloud has lost the wish ${mid}`);
  }
  const told = countOf(
    bodiesOf<EventBody<'mutation.closed'>>(cloud, 'mutation.closed').map(({ mid }) => mid),
  );
  for (const [mid, outcomes] of cloud.mutations) {
    const own = feeder.mutations.get(mid);
    if (outcomes === null) violate('D2', `${mid} has no outcome`);
    else if (own === undefined || !isSame(own, outcomes)) {
      violate('D2', `${mid} ended as ${outcomes} in the cloud, as ${own} on the feeder`);
    }
    if (told.get(mid) !== 1) violate('D2', `${mid} was told ${told.get(mid) ?? 0} times`);
  }
}

/** D3, D5 the same documents on both sides, all of them valid. */
function checkDocuments({ feeder, cloud }: Seen, violate: Violate): void {
  const stored = new Set(cloud.docs.map(docLine));
  for (const doc of feeder.docs) {
    if (!stored.delete(docLine(doc))) violate('D3', `only on the feeder: ${docLine(doc)}`);
    if (doc.kind !== 'meal') continue;
    const meal = { ...fromGroups(doc.groups as Groups), id: doc.id, rev: doc.rev };
    if (!v.is(MealSchema, meal)) violate('D5', `meal ${doc.id} is invalid`);
  }
  for (const line of stored) violate('D3', `only in the cloud: ${line}`);
}

/** D4 what was answered to an edit holds until somebody edits it again. */
function checkEdits({ feeder, promises, ownMeal }: Seen, violate: Violate): void {
  const meals = new Map(feeder.docs.filter(({ kind }) => kind === 'meal').map((d) => [d.id, d]));
  for (const id of promises.meals) if (!meals.has(id)) violate('D4', `meal ${id} is gone`);
  const portion = meals.get(ownMeal)?.groups['portion']?.['portionGrams'];
  if (!promises.portions.includes(Number(portion))) {
    violate('D4', `${ownMeal} has ${portion} g, answered was ${promises.portions.join(' or ')}`);
  }
}

/** S1 one feeder, one home: no entry of another one. */
function checkOneHome({ cloud }: Seen, violate: Violate): void {
  if (cloud.homes.size !== 1) violate('S1', `its epochs belong to ${cloud.homes.size} homes`);
}

function bodiesOf<Body>(side: Side, name: keyof typeof eventKinds): Body[] {
  const { number } = eventKinds[name];
  return side.events.filter(({ kind }) => kind === number).map(({ body }) => JSON.parse(body));
}

function isSame(one: string, other: string): boolean {
  return canonicalJson(JSON.parse(one)) === canonicalJson(JSON.parse(other));
}

function countOf(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
