import { FeederError } from '@cat-feeder/shared';
import { PULSES_MAX, type Pulse, TRAIN_US_MAX } from './pulse-player.ts';

/** Throws ERR_INTERNAL for a train that no player may play. */
export function assertTrain(train: readonly Pulse[]): void {
  const us = train.reduce((sum, pulse) => sum + pulse.us, 0);
  const isWhole = train.every(
    ({ on, off, us: one }) => Number.isInteger(one) && one >= 1 && (on & off) === 0,
  );
  if (isWhole && train.length > 0 && train.length <= PULSES_MAX && us <= TRAIN_US_MAX) return;
  throw new FeederError('ERR_INTERNAL', {
    message: `No train of ${train.length} pulses and ${us} us is allowed.`,
  });
}
