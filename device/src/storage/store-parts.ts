import type {
  Kibble,
  Meal,
  Overlay,
  Pet,
  Plan,
  RandomBytes,
  ScaleCalibration,
  Settings,
} from '@cat-feeder/shared';
import { defaultSettings } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { BookedDose } from '../feeding/feeding-journal.ts';
import type { StoredHopperCalibration } from '../feeding/hopper-scale.ts';
import type { StationTime } from '../platform/clock.ts';
import type { Collection, Single } from '../platform/collection.ts';
import { AssumedDoses } from './assumed-doses.ts';
import { BootRecord } from './boot-record.ts';
import { CheckedTable } from './checked-table.ts';
import { ClipStore } from './clip-store.ts';
import { ClockStore } from './clock-memory.ts';
import { DocumentStore } from './document-store.ts';
import type { EmergencyJournal } from './emergency-journal.ts';
import { EventLog } from './event-log.ts';
import { FeedingStore, type UnnamedKibble } from './feeding-store.ts';
import { FoodMemory } from './food-memory.ts';
import { OccurrenceStore } from './occurrence-store.ts';
import { SqliteScheduleStore } from './schedule-store.ts';
import { feedingTable } from './schema.ts';
import { SqliteSyncStore } from './sqlite-sync-store.ts';
import { StateStore } from './state-store.ts';
import { TouchedDocuments } from './touched-documents.ts';
import type { Transactor } from './transactor.ts';

/** The bowl's calibration as a document; revision 0 is the datasheet's guess. */
export type StoredCalibration = ScaleCalibration & { readonly rev: number };

/** All stores over one database and one transactor. */
export interface StoreParts {
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly pets: Collection<Pet>;
  readonly kibbles: Collection<Kibble>;
  readonly plans: Collection<Plan>;
  readonly meals: Collection<Meal>;
  readonly overlays: Collection<Overlay>;
  readonly settings: Single<Settings>;
  readonly calibration: Single<StoredCalibration>;
  readonly hopperCalibration: Single<StoredHopperCalibration>;
  /** What is learned of the food while no kibble is named. */
  readonly unnamedKibble: Single<UnnamedKibble>;
  readonly journal: FeedingStore;
  readonly schedule: SqliteScheduleStore;
  readonly clips: ClipStore;
  readonly clockMemory: ClockStore;
  readonly boots: BootRecord;
  readonly state: StateStore;
  readonly touched: TouchedDocuments;
  /** The same ledger and documents as the link to the cloud uses them. */
  readonly sync: SqliteSyncStore;
}

export interface PartsOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly time: () => StationTime;
  readonly random: RandomBytes;
  readonly emergency: EmergencyJournal | null;
  readonly defaultCalibration: ScaleCalibration;
  readonly defaultHopperCalibration?: ScaleCalibration | null;
}

/** Builds every store; nothing is read before it is asked for, except the head of the ledger. */
export function composeParts(options: PartsOptions): StoreParts {
  const { db, transactor, time, random } = options;
  const log = new EventLog({ db, transactor, time, random });
  const state = new StateStore(db, transactor);
  const touched = new TouchedDocuments({ db, state });
  const documents = new DocumentStore({ db, transactor, log, time, random });
  const kibbles = documents.collection<Kibble>('kibble');
  const plans = documents.collection<Plan>('plan');
  const meals = documents.collection<Meal>('meal');
  const overlays = documents.collection<Overlay>('overlay');
  const settings = documents.single<Settings>('settings', defaultSettings);
  const unnamedKibble = documents.single<UnnamedKibble>('unnamed_kibble', { rev: 0, model: null });
  const feedings = new CheckedTable(db, feedingTable);
  const occurrences = new OccurrenceStore({ db, transactor, log });
  const food = new FoodMemory({ feedings, occurrences: occurrences.table });
  const assumed = new AssumedDoses(state);
  const journal = new FeedingStore({
    db,
    transactor,
    log,
    occurrences,
    food,
    feedings,
    kibbles,
    unnamedKibble,
    emergency: options.emergency,
    lostDoses: () => {
      const dose = state.read<BookedDose>('unknown_dose');
      return dose === null ? assumed.list() : [dose, ...assumed.list()];
    },
    assumeDose: (dose) => assumed.add(dose),
  });
  const schedule = new SqliteScheduleStore({
    transactor,
    log,
    state,
    occurrences,
    food,
    settings,
    plans,
    meals,
    overlays,
    lastFeedingNumber: () => journal.lastNumber() + journal.heldCount,
    time,
  });
  return {
    log,
    documents,
    pets: documents.collection<Pet>('pet'),
    kibbles,
    plans,
    meals,
    overlays,
    settings,
    calibration: documents.single<StoredCalibration>('calibration', {
      ...options.defaultCalibration,
      rev: 0,
    }),
    hopperCalibration: documents.single<StoredHopperCalibration>('hopper_calibration', {
      rev: 0,
      calibration: options.defaultHopperCalibration ?? null,
    }),
    unnamedKibble,
    journal,
    schedule,
    clips: new ClipStore({ db, transactor, log, state }),
    clockMemory: new ClockStore(state, () => journal.lastAgeMs()),
    boots: new BootRecord({
      transactor,
      state,
      log,
      openFeedings: () => journal.open().length,
    }),
    state,
    touched,
    sync: new SqliteSyncStore({ db, transactor, log, documents, state, touched }),
  };
}
