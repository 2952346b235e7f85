import { mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { occurrenceKey } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { SeededRandom } from '../../src/platform/random.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { openStore } from '../../src/storage/store.ts';

/*
 * Runs whole feedings against the real store and says after each call what it was promised:
 * `node crash-child.ts <data dir> <feedings> <seed> [control]`. The caller records the system
 * calls. As a control it works without the sync of each commit and without second copies: a
 * harness that does not see the loss in that is blind.
 */

const [dir = '', feedingsText = '0', seedText = '0', mode = 'product'] = process.argv.slice(2);
const START_MS = 1_795_000_000_000;
const random = new SeededRandom(`crash-${seedText}`);
let ageMs = 0;

/** One line in one call, so that its place among the system calls is its place in time. */
function say(word: string, promise: object): void {
  writeSync(1, `${word} ${JSON.stringify(promise)}\n`);
}

function unsafeDatabase(): Database.Database {
  mkdirSync(join(dir, 'db'));
  const { db } = openDatabase(join(dir, 'db', 'feeder.db'));
  db.pragma('synchronous = NORMAL');
  return db;
}

const store = openStore({
  at: mode === 'control' ? unsafeDatabase() : dir,
  time: () => ({
    wallMs: START_MS + ageMs,
    monoMs: ageMs,
    ageMs,
    bootId: `boot-${seedText}`,
    quality: 'synchronized',
  }),
  defaultCalibration: {
    zeroCounts: 0,
    countsPerGram: 420,
    noiseGrams: 0.1,
    taredAtMs: null,
    spannedAtMs: null,
  },
});
say('ACK', { boot: store.boots.started('crash').number });
const kibble = store.kibbles.add({
  name: `Kibble ${seedText}`,
  kcalPer100g: null,
  model: null,
  calibratedAtMs: null,
});
say('ACK', { doc: kibble.id, rev: 1 });

const mealId = '01hzzzzzzz0000000000000000';

function feed(number: number): void {
  const id = `f-${seedText}-${number}`;
  const date = new Date(START_MS + number * 86_400_000 + Number(seedText) * 1e11);
  const localDate = date.toISOString().slice(0, 10);
  const occurrence =
    number % 3 === 0
      ? null
      : {
          key: occurrenceKey(mealId, localDate),
          mealId,
          mealName: 'Breakfast',
          petId: null,
          localDate,
          localTime: '07:00',
          dueAtMs: START_MS + ageMs,
          portionGrams: 20,
          state: 'due' as const,
          verdict: null,
          rule: null,
          feedingId: null,
          servedGrams: null,
          decidedAtMs: null,
          why: '',
        };
  const time = () => ({
    wallMs: START_MS + ageMs,
    monoMs: ageMs,
    ageMs,
    bootId: `boot-${seedText}`,
    quality: 'synchronized' as const,
  });
  const claim = {
    feedingId: id,
    requestId: `r-${id}`,
    cause: occurrence === null ? ('person' as const) : ('schedule' as const),
    occurrence,
    petId: null,
    kibbleId: kibble.id,
    portionGrams: 20,
    reservedGrams: 24,
    time: time(),
    why: 'Breakfast is due: 20 g.',
  };
  store.journal.claim(claim);
  say('ACK', { claim: id, requestId: claim.requestId, key: occurrence?.key ?? null });
  let served = 0;
  for (let slice = 1; slice <= 3; slice++) {
    ageMs += 4000;
    served += 5 + random.next() * 2;
    say('MOTOR', { feeding: id, grams: served });
    store.journal.progress({
      feedingId: id,
      stage: 'coarse',
      turns: slice * 2,
      motorMs: slice * 1500,
      attempts: 1,
      servedGrams: served,
      bowlBeforeGrams: 0,
    });
    say('ACK', { progress: id, turns: slice * 2 });
  }
  store.journal.finish({
    feedingId: id,
    result: 'served',
    fault: null,
    dose: {
      lowGrams: served - 0.5,
      likelyGrams: served,
      highGrams: served + 0.5,
      method: 'measured',
    },
    bowlBeforeGrams: 0,
    bowlAfterGrams: served,
    turns: 6,
    attempts: 1,
    motorMs: 4500,
    trace: [
      [0, 0],
      [4000, served],
    ],
    verdict: occurrence === null ? null : { verdict: 'fed', rule: 'on_time', numbers: {} },
    time: time(),
    why: 'Served.',
    learned: {
      kibbleId: kibble.id,
      model: {
        gramsPerTurn: 3,
        gramsPerTurnSd: 0.2,
        inFlightGrams: 0.4,
        inFlightGramsSd: 0.1,
        kibbleGrams: 0.2,
        samples: number,
      },
    },
  });
  say('ACK', { finish: id, highGrams: served + 0.5 });
}

const feedings = Number(feedingsText);
for (let number = 1; number <= feedings; number++) {
  feed(number);
  ageMs += 3_600_000;
  if (number % 4 === 1) {
    const { rev } = store.settings.change({ name: `Kitchen ${number}` });
    say('ACK', { settings: rev });
  }
  if (number % 5 === 2) {
    const pet = store.pets.add({
      name: `Cat ${number}`,
      bodyKg: null,
      lifeStage: null,
      rationGrams: null,
      note: '',
    });
    say('ACK', { doc: pet.id, rev: 1 });
  }
  if (number % 6 === 3) store.checkpoint();
  if (number === Math.ceil(feedings / 2)) await store.takeDailySnapshot();
}
store.boots.stopped('the story ends');
store.close();
