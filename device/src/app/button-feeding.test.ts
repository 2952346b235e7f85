import { FeederError, type Feeding, type FeedRequest } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { ButtonFeeding } from './button-feeding.ts';

function pressed(portionGrams: number, refuse?: Error) {
  const state = { asked: [] as FeedRequest[], running: null as Feeding | null, stops: 0, beeps: 0 };
  let ids = 0;
  const button = new ButtonFeeding({
    feeding: {
      running: () => state.running,
      feed: async (request) => {
        if (refuse !== undefined) throw refuse;
        state.asked.push(request);
      },
    },
    portionGrams,
    newId: () => `id${++ids}`,
    wallMs: () => 0,
    stop: () => {
      state.stops += 1;
    },
    onRefused: () => {
      state.beeps += 1;
    },
    logger: silentLogger,
  });
  return { button, state };
}

const running = { id: 'f' } as Feeding;

describe('ButtonFeeding', () => {
  it('feeds the portion of the profile, each press under an id of its own', async () => {
    const { button, state } = pressed(5);
    await button.press('press');
    await button.press('press');
    const wish = { portionGrams: 5, petId: null, cause: 'button' };
    expect(state.asked).toEqual([
      { requestId: 'button:id1', ...wish },
      { requestId: 'button:id2', ...wish },
    ]);
  });

  it('feeds nothing by a long or a double press, or without a portion', async () => {
    const { button, state } = pressed(5);
    await button.press('long');
    await button.press('double');
    expect(state).toMatchObject({ asked: [], stops: 0 });
    const off = pressed(0);
    await off.button.press('press');
    expect(off.state).toMatchObject({ asked: [], stops: 0, beeps: 0 });
  });

  it('stops a running feeding by whatever it is pressed', async () => {
    const { button, state } = pressed(5);
    state.running = running;
    for (const pattern of ['press', 'double', 'long'] as const) await button.press(pattern);
    expect(state).toMatchObject({ asked: [], stops: 3 });
  });

  it('tells the finger of a refusal, and passes on what is none', async () => {
    const { button, state } = pressed(5, new FeederError('ERR_LIMIT_REACHED'));
    await button.press('press');
    expect(state.beeps).toBe(1);
    const broken = pressed(5, new TypeError('broken'));
    await expect(broken.button.press('press')).rejects.toThrow('broken');
  });
});
