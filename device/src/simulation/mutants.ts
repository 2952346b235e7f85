import { checkFeed } from '../feeding/feed-checks.ts';
import type { Sabotage } from './boot.ts';
import type { FaultKind } from './fault-kinds.ts';
import {
  changed,
  changedContext,
  endlessGrace,
  fixedOffset,
  largerMeals,
  lateClaims,
  loseCommits,
  trigger,
  withoutUniqueness,
  withSettings,
  wrapJournal,
  wrapSchedule,
} from './sabotage.ts';

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
    name: 'unproven_expiry',
    rule: 'the refusal of an expiry that no clock can judge',
    faults: ['request_expired', 'request_reordered', 'clock_lost'],
    sabotage: () => ({
      rules: {
        check: (command, context) => {
          const refusal = checkFeed(command, context);
          if (refusal?.rule !== 'clock_unproven') return refusal;
          const now = { ...context.now, quality: 'synchronized' } as const;
          return checkFeed(command, { ...context, now });
        },
      },
    }),
  },
  {
    name: 'windows_by_wall',
    rule: 'the windows of the caps on the monotonic clock',
    faults: [...clocks, 'request_pair'],
    sabotage: changedContext((context) => ({
      ...context,
      now: {
        ...context.now,
        quality: 'synchronized',
        bootId: 'now',
        poweredAtAgeMs: Number.POSITIVE_INFINITY,
      },
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
    faults: ['plan_edit', 'undervoltage', 'bowl_removed', 'jam'],
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
  {
    name: 'busy_ends',
    rule: 'the end of being busy, once a feeding is over',
    faults: asked,
    sabotage: () => {
      let busyAtMs = Number.NEGATIVE_INFINITY;
      return {
        rules: {
          check: (command, context) => {
            const { ageMs } = context.now;
            if (context.isBusy) busyAtMs = ageMs;
            const isSoon = ageMs >= busyAtMs && ageMs - busyAtMs < 30 * 60_000;
            return checkFeed(command, { ...context, isBusy: context.isBusy || isSoon });
          },
        },
      };
    },
  },
  {
    name: 'closed_at_start',
    rule: 'the end of a killed feeding no later than it was closed',
    faults: ['kill', 'request_pair', 'request_reordered'],
    sabotage: changedContext((context) => ({
      ...context,
      doses: context.doses.map((dose) => ({
        ...dose,
        at: { ...dose.at, ageMs: dose.at.ageMs + 5 * 60_000 },
      })),
    })),
  },
  {
    name: 'overlays_kept',
    rule: 'the skips and pauses that the owner wants',
    faults: ['overlay'],
    sabotage: wrapSchedule((store) => ({ view: () => ({ ...store.view(), overlays: [] }) })),
  },
  {
    name: 'planned_portion',
    rule: 'the portion that the plan names',
    faults: [],
    sabotage: wrapSchedule((store) => ({ view: () => largerMeals(store.view()) })),
  },
  {
    name: 'grace',
    rule: 'the time after which a late meal is missed',
    faults: ends,
    sabotage: wrapSchedule((store) => ({ view: () => endlessGrace(store.view()) })),
  },
  {
    name: 'verdict_of_outcome',
    rule: 'the verdict that a feeding which brought too little gets',
    faults: ['jam', 'motor_dead', 'hopper_empty', 'cancel'],
    sabotage: wrapJournal((journal) => ({
      finish: (record) =>
        journal.finish({
          ...record,
          verdict: record.verdict === null ? null : { ...record.verdict, verdict: 'fed' },
        }),
    })),
  },
  {
    name: 'elapsed_time',
    rule: 'the portions that come while nobody knows the time',
    faults: ['clock_lost'],
    sabotage: () => ({
      rules: {
        check: (command, context) =>
          command.cause === 'elapsed_time'
            ? { rule: 'min_gap', numbers: {}, remainingGrams: 0, why: 'Never.' }
            : checkFeed(command, context),
      },
    }),
  },
  {
    name: 'bowl_full',
    rule: 'the bowl that is full enough',
    faults: asked,
    sabotage: withSettings({ bowlFullGrams: null }),
  },
  {
    name: 'cap_plan',
    rule: 'the share of the plan that a day may serve',
    faults: ['clock_step', 'jam', 'motor_dead'],
    sabotage: withSettings({ planPercentMax: 100_000 }),
  },
];
