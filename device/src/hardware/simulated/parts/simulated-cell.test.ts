import { expect } from 'vitest';
import { cellSourceContract } from '../../../../test/contracts/cell-source.ts';
import { SimulatedFeeder } from '../../../../test/support/simulated-feeder.ts';
import { SimulatedCell } from './simulated-dispenser.ts';

/** Bounds every wait, in virtual time. */
const LIMIT_MS = 100_000;

cellSourceContract('the simulated cell', () => {
  const { board, clock } = new SimulatedFeeder({});
  const part = new SimulatedCell('bowl', board);
  let weighed: number | null = null;
  // The board's own pace, batches and times; only the weight is the test's.
  board.onSamples((batch) =>
    part.deliver(batch.map(({ atMs, bowl }) => ({ atMs, counts: bowl && (weighed ?? bowl) }))),
  );
  const pass = async (ms: number) => clock.advance(ms);
  return {
    part,
    pass,
    weigh: (counts) => {
      weighed = counts;
    },
    until: async (isSo) => {
      for (let ms = 0; !isSo(); ms += 10) {
        expect(ms, 'it never came to be').toBeLessThan(LIMIT_MS);
        await pass(10);
      }
    },
    breakIt: () => part.become('unplugged'),
    end: () => part.close(),
  };
});
