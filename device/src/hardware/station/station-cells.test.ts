import { describe, expect, it } from 'vitest';
import type { StationHealth } from '../../dispensing/feed-station.ts';
import { StationCells } from './station-cells.ts';

const health: StationHealth = {
  bowl: { grams: 12.5, sigmaGrams: 0.02, state: 'disturbed', ageMs: 40 },
  bowlStill: { grams: 9.5, ageMs: 4000 },
  hopperGrams: null,
  hopperState: 'not_calibrated',
  motorOn: true,
  undervoltage: false,
  fault: 'overflow',
  loopAgeMs: 15,
};

describe('StationCells', () => {
  it('carries a health to the other side and lets its ages grow', () => {
    const cells = new StationCells({ nowMs: 1000 });
    const otherSide = new StationCells({ memory: cells.memory });
    otherSide.writeHealth(health, 2000);
    expect(cells.readHealth(2000)).toEqual(health);
    expect(cells.readHealth(2300)).toEqual({
      ...health,
      bowl: { ...health.bowl, ageMs: 340 },
      bowlStill: { grams: 9.5, ageMs: 4300 },
      loopAgeMs: 315,
    });
  });

  it('knows nothing before the first sign of life', () => {
    const cells = new StationCells({ nowMs: 1000 });
    expect(cells.readHealth(4000)).toMatchObject({
      bowl: { grams: null, state: 'moving' },
      bowlStill: null,
      motorOn: false,
      fault: null,
      loopAgeMs: 3000,
    });
  });

  it('C1 takes the permission back for good, and wakes who waits for it', async () => {
    const cells = new StationCells({ nowMs: 0 });
    const otherSide = new StationCells({ memory: cells.memory });
    expect(otherSide.isRevoked).toBe(false);
    const waiting = otherSide.revoked();
    cells.revoke();
    cells.revoke();
    await waiting;
    await otherSide.revoked();
    expect(otherSide.isRevoked).toBe(true);
  });

  it.each([0, 1234.5, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7])(
    'tells the age of a heartbeat that came at %d ms',
    (nowMs) => {
      const cells = new StationCells({ nowMs: 0 });
      cells.beat(nowMs);
      expect(cells.heartbeatAgeMs(nowMs)).toBe(0);
      expect(cells.heartbeatAgeMs(Math.trunc(nowMs) + 2001)).toBe(2001);
    },
  );
});
