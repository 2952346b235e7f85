import type { EpochMs, PartTest, RandomBytes } from '@cat-feeder/shared';
import type { CameraParts } from '../camera/camera.ts';
import type { ClipFiles } from '../camera/clip-files.ts';
import type { RetentionLimits } from '../camera/clip-retention.ts';
import type { DeviceIdentity } from '../cloud/device-identity.ts';
import type { BoardTraits } from '../dispensing/control-board.ts';
import type { FeedStation } from '../dispensing/feed-station.ts';
import type { CloseAfterCrash } from '../feeding/crash-recovery.ts';
import type { checkFeed } from '../feeding/feed-checks.ts';
import type { FeedingJournal } from '../feeding/feeding-journal.ts';
import type { Panel } from '../hardware/parts/open-panel.ts';
import type { Clock, StationTime, TimeSource } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AlarmClock, ScheduleStore } from '../scheduling/schedule-store.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { CloudPart } from './compose-cloud.ts';

/** The outside world of one daemon: hardware, time, disk, chance. */
export interface DeviceParts {
  readonly clock: Clock;
  readonly timeSource: TimeSource;
  /** The alarm clock of the schedule, which counts in station time. */
  readonly alarm: (stationWallMs: () => EpochMs) => AlarmClock;
  readonly bootId: string;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
  /** Opens the database; the time is that of the station clock, usable after this has returned. */
  readonly openStore: (time: () => StationTime) => DeviceStore;
  readonly station: FeedStation;
  readonly traits: BoardTraits;
  readonly identity: {
    readonly version: string;
    readonly builtAtMs: number;
    readonly board: string;
    readonly simulated: boolean;
  };
  /** Light, button and what else is wired around the dispenser; missing: nothing is. */
  readonly panel?: Panel;
  /** Missing: no camera. */
  readonly camera?: CameraDoors;
  /** Where clips are, also those of a camera that was taken away; missing: nowhere. */
  readonly clips?: ClipShelf;
  /** Parts of the dispenser that are not as they should be; missing: nobody tells. */
  readonly partProblems?: () => readonly {
    readonly part: string;
    readonly state: string;
    readonly why: string;
  }[];
  /** What each part of the dispenser and the board finds out about itself; missing: nothing is. */
  readonly selfTest?: () => Promise<readonly PartTest[]>;
  /** The feeder's own key, which signs its ledger; missing: it has none. */
  readonly key?: DeviceIdentity;
  /** The cloud that this feeder may have; missing: none. */
  readonly cloud?: CloudPart;
  /** Directory of the built page; null: API only. */
  readonly uiDir: string | null;
  /** The program cannot go on: stop the motor and end it. */
  readonly onFatal: (error: unknown) => void;
  readonly rules?: Partial<DeviceRules>;
}

/** The directory of clips, and how much of them it may hold. */
export interface ClipShelf {
  readonly files: ClipFiles;
  readonly retention: RetentionLimits;
}

/** What a machine brings for a camera; what it looks at comes from the feeder. */
export type CameraDoors = Pick<
  CameraParts,
  'source' | 'maker' | 'files' | 'chance' | 'takes' | 'retention' | 'ringBytesMax'
>;

/** The safety rules that the simulator may replace, to show that their removal is noticed. */
export interface DeviceRules {
  readonly check: typeof checkFeed;
  readonly closeAfterCrash: CloseAfterCrash;
  readonly wrapJournal: (journal: FeedingJournal) => FeedingJournal;
  readonly wrapSchedule: (schedule: ScheduleStore) => ScheduleStore;
}
