import type { Feeding, Settings } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { checkFeed, type FeedContext } from '../feeding/feed-checks.ts';
import type { ClaimRecord, FeedingJournal } from '../feeding/feeding-journal.ts';
import type { ScheduleStore } from '../scheduling/schedule-store.ts';
import type { Sabotage } from './boot.ts';
import type { FaultKind } from './fault-kinds.ts';

/** One safety rule, and how the simulation runs the feeder without it. */
export interface Mutant {
  readonly name: string;
  /** What is taken away, in a few words. */
  readonly rule: string;
  /** The faults under which its absence shows soonest. */
  readonly faults: readonly FaultKind[];
  /** Fresh for each run: a mutant may remember things over the starts of one life. */
  readonly sabotage: () => Sabotage;
}

const ends: readonly FaultKind[] = ['power_cut', 'kill'];

/** The checks as they are, on a context without what one of them needs. */
function changedContext(change: (context: FeedContext) => FeedContext): () => Sabotage {
  return () => ({
    rules: { check: (command, context) => checkFeed(command, change(context)) },
  });
}

/** The checks as they are, with a setting that never refuses. */
function withSettings(settings: Partial<Settings>): () => Sabotage {
  return changedContext((context) => ({
    ...context,
    settings: { ...context.settings, ...settings },
  }));
}

function wrapJournal(wrap: (journal: FeedingJournal) => Partial<FeedingJournal>): () => Sabotage {
  return () => ({
    rules: { wrapJournal: (journal) => changed(journal, wrap(journal)) },
  });
}

function wrapSchedule(wrap: (store: ScheduleStore) => Partial<ScheduleStore>): () => Sabotage {
  return () => ({
    rules: { wrapSchedule: (store) => changed(store, wrap(store)) },
  });
}

/** The same object, but for what is changed. */
function changed<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

/** The claim reaches the disk only together with the outcome. */
function lateClaims(journal: FeedingJournal): Partial<FeedingJournal> {
  const waiting = new Map<string, ClaimRecord>();
  return {
    claim: (record) => void waiting.set(record.feedingId, record),
    find: (id) => {
      const record = waiting.get(id);
      return record === undefined ? journal.find(id) : runningFeeding(record);
    },
    finish: (record) => {
      const claim = waiting.get(record.feedingId);
      if (claim !== undefined) journal.claim(claim);
      waiting.delete(record.feedingId);
      journal.finish(record);
    },
  };
}

function runningFeeding(record: ClaimRecord): Feeding {
  const { feedingId, requestId, cause, petId, kibbleId, portionGrams, time, why } = record;
  return {
    id: feedingId,
    requestId,
    cause,
    petId,
    kibbleId,
    portionGrams,
    why,
    occurrenceKey: record.occurrence?.key ?? null,
    state: 'running',
    stage: 'claimed',
    result: null,
    fault: null,
    refusal: null,
    dose: null,
    bowlBeforeGrams: null,
    bowlAfterGrams: null,
    turns: 0,
    attempts: 0,
    motorMs: 0,
    startedAtMs: time.wallMs,
    endedAtMs: null,
    clockQuality: time.quality,
  };
}

/** Nothing keeps a request or an occurrence from being claimed again. */
function withoutUniqueness(db: Database.Database): Database.Database {
  db.exec('DROP INDEX IF EXISTS feeding_by_request; DROP INDEX IF EXISTS feeding_by_occurrence');
  return db;
}

/** Commits of one kind are rolled back, and everybody is told that they succeeded. */
function loseCommits(transaction: string): () => Sabotage {
  return () => {
    let isLost = false;
    const known = new WeakMap<Database.Database, Database.Database>();
    return {
      beforeCommit: (name) => {
        isLost = name === transaction;
      },
      database: (db) => {
        const before = known.get(db);
        if (before !== undefined) return before;
        const commit = db.prepare('COMMIT');
        const rollback = db.prepare('ROLLBACK');
        const lying = changed(db, {
          prepare: ((sql: string) =>
            sql === 'COMMIT'
              ? { run: () => (isLost ? rollback : commit).run() }
              : db.prepare(sql)) as unknown as Database.Database['prepare'],
        });
        known.set(db, lying);
        return lying;
      },
    };
  };
}

function trigger(sql: string): () => Sabotage {
  return () => ({
    afterOpen: (db) => {
      db.exec(`DROP TRIGGER IF EXISTS mutant; CREATE TEMP TRIGGER mutant ${sql}`);
    },
  });
}

const cats: readonly FaultKind[] = ['cat_eats', 'cat_leans', 'chute_block', 'bridge'];
const asked: readonly FaultKind[] = ['request_pair', 'request_reordered'];
const clocks: readonly FaultKind[] = ['clock_step', 'clock_false'];

/** Every rule that can be taken away, one at a time. */
export const mutants: readonly Mutant[] = [
  {
    name: 'claim_before_motion',
    rule: 'the claim that is durable before the motor moves',
    faults: ends,
    sabotage: wrapJournal(lateClaims),
  },
  {
    name: 'request_once',
    rule: 'the memory of requests that were claimed',
    faults: ['request_duplicate'],
    sabotage: wrapJournal((journal) => ({
      findByRequestId: () => undefined,
      claim: (record) => {
        const isKnown = journal.findByRequestId(record.requestId) !== undefined;
        journal.claim(isKnown ? { ...record, requestId: record.feedingId } : record);
      },
    })),
  },
  {
    name: 'occurrence_once',
    rule: 'the rows that say an occurrence was served',
    faults: [...ends, 'restart'],
    sabotage: () => ({
      afterOpen: (db) => {
        withoutUniqueness(db);
        db.exec("DELETE FROM occurrence WHERE state = 'closed' AND feeding_id IS NOT NULL");
      },
      rules: {
        wrapJournal: (journal) => changed(journal, { findByRequestId: () => undefined }),
        wrapSchedule: (store) => changed(store, { setClosedThroughMs: () => {} }),
      },
    }),
  },
  {
    name: 'cap_feeding',
    rule: 'the cap of one feeding',
    faults: asked,
    sabotage: withSettings({ feedingGramsMax: 150 }),
  },
  {
    name: 'cap_hour',
    rule: 'the cap of an hour',
    faults: asked,
    sabotage: withSettings({ hourGramsMax: 250 }),
  },
  {
    name: 'cap_day',
    rule: 'the cap of a day',
    faults: asked,
    sabotage: withSettings({ dayGramsMax: 500 }),
  },
  {
    name: 'min_gap',
    rule: 'the distance between two feedings',
    faults: asked,
    sabotage: withSettings({ scheduleGapMinutes: 0, manualGapSeconds: 0 }),
  },
  {
    name: 'quiet_hours',
    rule: 'the quiet hours',
    faults: asked,
    sabotage: withSettings({ quietHours: null }),
  },
  {
    name: 'expiry',
    rule: 'the expiry of commands',
    faults: ['request_expired', 'request_reordered'],
    sabotage: () => ({
      rules: {
        check: (command, context) => checkFeed({ ...command, expiresAtMs: null }, context),
      },
    }),
  },
  {
    name: 'windows_by_wall',
    rule: 'the windows of the caps on the monotonic clock',
    faults: [...clocks, 'request_pair'],
    sabotage: changedContext((context) => ({
      ...context,
      now: { ...context.now, quality: 'synchronized', bootId: 'now' },
      doses: context.doses.map((dose) => ({
        ...dose,
        at: { ...dose.at, bootId: 'then', quality: 'synchronized' },
      })),
    })),
  },
  {
    name: 'faults_switch_off',
    rule: 'the faults that keep the motor off',
    faults: ['flap_leak', 'driver_shorted'],
    sabotage: changedContext((context) => ({
      ...context,
      faults: [],
      health: { ...context.health, fault: null },
    })),
  },
  {
    name: 'faults_stay',
    rule: 'the faults that outlive a restart',
    faults: ['flap_leak', 'driver_shorted', 'restart', 'kill'],
    sabotage: () => ({
      beforeOpen: (db) => db.exec("DELETE FROM sync_state WHERE k = 'faults'"),
    }),
  },
  {
    name: 'clock_gate',
    rule: 'the doubt about a clock that nothing vouches for',
    faults: ['clock_lost'],
    sabotage: () => ({ builtAtMs: 0, timeSource: () => ({ origin: () => 'rtc' }) }),
  },
  {
    name: 'crash_closing',
    rule: 'the closing of interrupted feedings before others begin',
    faults: ends,
    sabotage: wrapJournal(() => ({ open: () => [] })),
  },
  {
    name: 'crash_books_high',
    rule: 'the upper bound of what an interrupted feeding served',
    faults: ends,
    sabotage: () => ({
      rules: {
        closeAfterCrash: () => ({ lowGrams: 0, likelyGrams: 0, highGrams: 0, method: 'estimated' }),
      },
    }),
  },
  {
    name: 'slice_deadline',
    rule: 'the end of each motor slice below the program',
    faults: [...ends, 'hang'],
    sabotage: () => ({
      slice: (slice, world) => {
        world.catchUp();
        world.model.runMotor(slice.direction === 'forward' ? slice.speed : -slice.speed, 20_000);
        return null;
      },
    }),
  },
  {
    name: 'motor_permission',
    rule: 'the permission that dies with the main thread',
    faults: ['permission_lost'],
    sabotage: () => ({ permission: () => () => true }),
  },
  {
    name: 'turns_bound',
    rule: 'the bound on turns, whatever the scale says',
    faults: cats,
    sabotage: () => ({
      order: (order) => ({
        ...order,
        gramsMax: order.gramsMax * 8,
        portionGrams: order.portionGrams * 3,
        model: { ...order.model, gramsPerTurn: order.model.gramsPerTurn / 4 },
      }),
    }),
  },
  {
    name: 'missed_verdicts',
    rule: 'the verdict of a meal that was missed',
    faults: ends,
    sabotage: wrapSchedule((store) => ({
      close: (closing) => {
        if (closing.verdict !== 'missed') store.close(closing);
      },
    })),
  },
  {
    name: 'reopening',
    rule: 'the voiding of verdicts that a wrong clock gave',
    faults: clocks,
    sabotage: wrapSchedule(() => ({ reopen: () => {} })),
  },
  {
    name: 'starvation',
    rule: 'the portion for a cat that missed its meals',
    faults: ['jam', 'motor_dead', 'hopper_empty'],
    sabotage: wrapSchedule((store) => ({ food: () => ({ ...store.food(), missed: [] }) })),
  },
  {
    name: 'starvation_once',
    rule: 'one portion for an outage, and six hours between two',
    faults: [...ends, 'jam', 'motor_dead', 'restart'],
    sabotage: () => ({
      afterOpen: withoutUniqueness,
      rules: {
        wrapJournal: (journal) =>
          changed(journal, {
            findByRequestId: (id) =>
              id.startsWith('starve:') ? undefined : journal.findByRequestId(id),
          }),
        wrapSchedule: (store) =>
          changed(store, { food: () => ({ ...store.food(), lastCatchUp: null }) }),
      },
    }),
  },
  {
    name: 'summer_time',
    rule: 'the rules of the zone: a fixed offset instead',
    faults: [],
    sabotage: wrapSchedule((store) => ({ view: () => fixedOffset(store.view()) })),
  },
  {
    name: 'refusals_recorded',
    rule: 'the record of refusals',
    faults: ['request_expired', 'request_pair'],
    sabotage: wrapJournal(() => ({ refuse: () => {} })),
  },
  {
    name: 'claim_is_durable',
    rule: 'the commit of a claim',
    faults: ends,
    sabotage: loseCommits('feeding.claim'),
  },
  {
    name: 'edit_is_durable',
    rule: 'the commit of an edit',
    faults: ['plan_edit'],
    sabotage: loseCommits('doc.change'),
  },
  {
    name: 'chain_without_gaps',
    rule: 'the density of the ledger',
    faults: [],
    sabotage: trigger(
      'AFTER INSERT ON event_log WHEN NEW.seq % 29 = 0 BEGIN DELETE FROM event_log WHERE seq = NEW.seq; END',
    ),
  },
  {
    name: 'chain_is_final',
    rule: 'the ledger as append-only',
    faults: [],
    sabotage: trigger(
      `AFTER INSERT ON event_log WHEN NEW.seq = 40 BEGIN
         UPDATE event_log SET body = replace(body, '1', '2') WHERE seq = 12; END`,
    ),
  },
  {
    name: 'edit_settles',
    rule: 'the verdicts that an edit makes necessary',
    faults: ['plan_edit', 'zone_change', 'undervoltage', 'bowl_removed'],
    sabotage: () => ({
      device: (device) => void Object.assign(device.scheduler, { beforeEdit: () => {} }),
    }),
  },
  {
    name: 'cancel',
    rule: 'the stop that a person asks for',
    faults: ['cancel', 'emergency_stop'],
    sabotage: () => ({ station: (station) => changed(station, { cancel: () => {} }) }),
  },
];

/** The plan as a feeder sees it that knows no summer time. */
function fixedOffset(view: ReturnType<ScheduleStore['view']>): ReturnType<ScheduleStore['view']> {
  return { ...view, settings: { ...view.settings, zone: 'Etc/GMT-1' } };
}
