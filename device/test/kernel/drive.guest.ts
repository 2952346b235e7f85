import { loadBoardIo } from '@cat-feeder/board-io';
import { describe } from 'vitest';
import {
  type BridgeWiring,
  DcMotorDrive,
  TURN_ROUND_MS,
} from '../../src/hardware/drives/dc-motor.ts';
import { feedDriveContract } from '../contracts/feed-drive.ts';
import { pass } from './guest-bench.ts';
import { SimChip } from './sim-chip.ts';

const pin = (number: number, activeLow = false) => ({ pin: number, activeLow });
/** How the bridge is wired, the pull of its inputs, and what the motor does at their levels. */
const bridges: readonly (readonly [
  string,
  BridgeWiring,
  0 | 1,
  Readonly<Record<string, 1 | -1>>,
])[] = [
  [
    'ENABLE and DIR',
    { kind: 'enable-direction', enable: pin(17), direction: pin(27) },
    0,
    { '10': 1, '11': -1 },
  ],
  [
    'two inputs',
    { kind: 'two-inputs', forward: pin(17), reverse: pin(27) },
    0,
    { '10': 1, '01': -1 },
  ],
  [
    'two inverted inputs',
    { kind: 'two-inputs', forward: pin(17, true), reverse: pin(27, true) },
    1,
    { '01': 1, '10': -1 },
  ],
];

describe.each(bridges)('on real lines, by %s,', (_name, wiring, pull, motions) => {
  feedDriveContract('a DC motor', () => {
    const chip = new SimChip();
    chip.put(17, pull);
    chip.put(27, pull);
    const drive = { board: loadBoardIo(), chip: chip.path, wiring, speed: null, fault: null };
    const part = new DcMotorDrive(drive);
    return {
      part,
      pass,
      // Of a chip that is gone nothing can be seen.
      motion: () => (chip.isGone ? 0 : (motions[`${chip.level(17)}${chip.level(27)}`] ?? 0)),
      startMsMax: TURN_ROUND_MS,
      ready: () => Promise.resolve(),
      breakIt: () => chip.unplug(),
      end: () => {
        part.close();
        chip.end();
      },
    };
  });
});
