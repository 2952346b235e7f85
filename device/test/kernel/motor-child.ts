import { loadBoardIo } from '@cat-feeder/board-io';
import { DcMotorDrive } from '../../src/hardware/drives/dc-motor.ts';

/*
 * A program that turns a motor, for motor.guest.ts:
 *   motor-child.ts CHIP turning   renews slices of 250 ms for ever, as the control loop does
 *   motor-child.ts CHIP blocked   one slice of 200 ms, then its event loop does not turn for 2 s;
 *                                 at last it prints how late the line fell, in ms
 */

const BLOCKED_MS = 2000;
const [chip = '', manner] = process.argv.slice(2);
const board = loadBoardIo();

/** As the control loop does. */
function turn(): void {
  const [enable, direction] = [17, 27].map((pin) => ({ pin, activeLow: false }));
  if (enable === undefined || direction === undefined) return;
  const wiring = { kind: 'enable-direction', enable, direction } as const;
  const drive = new DcMotorDrive({ board, chip, wiring, speed: null, fault: null });
  const slice = () => drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
  slice();
  setInterval(slice, 100);
}

function turnAndHang(): void {
  const lines = [{ line: 17, activeLow: false }];
  const drive = board.openDrive(
    { chip, consumer: 'cat-feeder motor', lines, powerMask: 1, deadTimeUs: 0 },
    () => {},
  );
  drive.run({ levels: 1, ms: 200 });
  const untilMs = performance.now() + BLOCKED_MS;
  while (performance.now() < untilMs);
  process.stdout.write(`${drive.state().lastLateMs}\n`);
  drive.close();
}

if (manner === 'turning') turn();
else turnAndHang();
