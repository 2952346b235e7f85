import { CLAIM_WINDOW_MS, type EventBody, eventKinds } from '@cat-feeder/shared';
import type { DeviceRows } from '../memory-cloud.ts';
import { DAY_MG_MAX } from '../sim-meals.ts';
import type { Found } from './found.ts';

const DAY_MS = 86_400_000;

/** C1 at most one start of the motor for a command; C2 none after its time. */
export function checkStarts({ world, household }: Found): void {
  const { truth } = household;
  const skewMs = world.skewMs.max - world.skewMs.min;
  for (const [id, starts] of truth.starts) {
    if (starts.length > 1)
      world.recorder.violate('C1', `${id} moved the motor ${starts.length} times`);
    const notAfterMs = truth.issued.get(id)?.notAfterMs ?? 0;
    const lateMs = Math.max(...starts) - notAfterMs - CLAIM_WINDOW_MS - skewMs;
    if (lateMs > 0) world.recorder.violate('C2', `${id} moved the motor ${lateMs} ms too late`);
  }
}

/**
 * C3 each command has one end, and it is true. A restored cloud that has forgotten the claim knows of
 * the movement only from the feeder's entry.
 */
export function checkCommandEnds({ world, household, rows }: Found): void {
  const { truth } = household;
  const told = toldToHaveMoved(rows);
  const isOneHistory = truth.losses === 0 && truth.clones === 0 && truth.cloudRestores === 0;
  for (const { commandId, state } of rows.commands.values()) {
    const hasMoved = truth.starts.has(commandId);
    if (isOneHistory && truth.served.has(commandId) && state !== 'done') {
      world.recorder.violate('C3', `${commandId} is ${state}, and its feeding was served`);
    }
    if (state === 'queued' || state === 'claimed') {
      world.recorder.violate('C3', `${commandId} is still ${state}`);
    }
    if (state === 'done' && !hasMoved) {
      world.recorder.violate('C3', `${commandId} is done, and nothing moved`);
    }
    const isDenied = state === 'refused' || state === 'cancelled' || state === 'expired';
    if (isDenied && hasMoved && (truth.cloudRestores === 0 || told.has(commandId))) {
      world.recorder.violate('C3', `${commandId} is ${state}, and the motor moved`);
    }
  }
}

/** Commands that an entry in the cloud calls done. */
function toldToHaveMoved({ events }: DeviceRows): ReadonlySet<string> {
  const ends = [...events.values()]
    .filter(({ kind }) => kind === eventKinds['command.ended'].number)
    .map(({ body }) => JSON.parse(body) as EventBody<'command.ended'>);
  return new Set(ends.filter(({ state }) => state === 'done').map(({ commandId }) => commandId));
}

/** C4 the cap holds in any 24 hours, for each copy of the feeder: the cap is the machine's own. */
export function checkFood({ world, household }: Found): void {
  const { meals } = household.truth;
  for (const { atMs, by } of meals) {
    const own = meals.filter((meal) => meal.by === by);
    const inDay = own.filter((meal) => meal.atMs > atMs - DAY_MS && meal.atMs <= atMs);
    const sum = inDay.reduce((total, { mg }) => total + mg, 0);
    if (sum > DAY_MG_MAX) world.recorder.violate('C4', `${sum} mg fell in a day`);
  }
}
