import { describe, expect, it } from 'vitest';
import { passSlowly } from '../../test/support/hand-link.ts';
import { simulatedPanel } from '../../test/support/simulated-panel.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { healthOfTrust, type TrustedClock } from '../scheduling/trusted-clock.ts';
import { testParts } from './test-parts.ts';

const supply = { part: 'supply', ok: true, found: 'seen by the control loop', fix: null };
const drive = { part: 'motor drive', ok: false, found: 'silent.', fix: 'Check its plug.' };

function clockPart(isOk: boolean): TrustedClock {
  const health = () => healthOfTrust(isOk ? 'rtc' : 'unknown');
  const never = (): never => {
    throw new TypeError('A self-test asks for nothing else.');
  };
  return {
    health,
    selfTest: async () => ({ ok: isOk, found: health().why, fix: isOk ? null : 'Fit one.' }),
    now: never,
    subscribe: never,
    close: never,
  };
}

describe('testParts', () => {
  it('asks dispenser, clock and what is around, each once', async () => {
    const clock = new VirtualClock();
    const panel = { ...simulatedPanel(clock), close: () => {} };
    panel.petReader.unplug();
    const selfTest = async () => [drive, supply];
    const asked = testParts({ panel, selfTest }, clockPart(true));
    await passSlowly(clock, 2500);
    const tests = await asked;
    const names = tests.map(({ part }) => part);
    expect(names.slice(0, 2)).toEqual(['motor drive', 'clock']);
    expect(names.filter((name) => name === 'supply')).toHaveLength(1);
    expect(names).toContain('thermometer');
    expect(tests.filter(({ ok }) => !ok).map(({ part }) => part)).toEqual([
      'motor drive',
      'pet reader',
    ]);
    expect(tests.every(({ ok, fix }) => ok === (fix === null))).toBe(true);
  });

  it('is about the clock alone where nothing is wired', async () => {
    const tests = await testParts({}, clockPart(false));
    expect(tests).toMatchObject([{ part: 'clock', ok: false, fix: 'Fit one.' }]);
  });
});
