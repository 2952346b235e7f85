import { FeederError } from '@cat-feeder/shared';
import type { CalibrationVerdict } from '../weighing/calibration.ts';

type Refused = Extract<CalibrationVerdict, { kind: 'refused' }>;

/** Why a calibration was refused, with what the person in front of the feeder can do about it. */
export function calibrationRefusal(
  { reason, value }: Refused,
  what: 'bowl' | 'hopper',
): FeederError {
  switch (reason) {
    case 'unstable':
      return notStable(what);
    case 'outside_band':
      return new FeederError('ERR_CALIBRATION_REFUSED', {
        hint: `Empty the ${what} and try again. If it is empty, confirm the new zero.`,
        details: [
          { path: 'shiftGrams', message: `${Math.round(Math.abs(value))} g from the zero before` },
        ],
      });
    case 'mass_too_small':
      return new FeederError('ERR_CALIBRATION_REFUSED', {
        details: [{ path: 'knownGrams', message: `${value} g are too little for a span` }],
      });
    case 'factor_changed': {
      const percent = Math.round(Math.abs(value) * 100);
      return new FeederError('ERR_CALIBRATION_REFUSED', {
        hint: `Put the known mass into the empty, tared ${what}. If the cell was replaced, confirm the change.`,
        details: [
          { path: 'countsPerGram', message: `differs by ${percent} % from the present span` },
        ],
      });
    }
  }
}

/** The load moved until the time was up. */
export function notStable(what: 'bowl' | 'hopper'): FeederError {
  return new FeederError('ERR_NOT_STABLE', {
    message: `The ${what} did not come to rest in time.`,
  });
}
