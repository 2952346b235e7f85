import { describe, expect, it } from 'vitest';
import { cameraOf, feedingOf, statusOf } from '../test/fixtures.ts';
import { applyLive, type LiveMessage, type LiveState, noLiveState } from './live-state.ts';

function after(...messages: readonly LiveMessage[]): LiveState {
  return messages.reduce(applyLive, noLiveState);
}

const start: LiveMessage = { name: 'status', body: statusOf() };
const begun: LiveMessage = { name: 'feeding', body: feedingOf() };
const half: LiveMessage = {
  name: 'progress',
  body: {
    feedingId: 'f1',
    stage: 'coarse',
    servedGrams: 6,
    turns: 2,
    motorMs: 900,
    attempts: 0,
    bowlBeforeGrams: 3,
  },
};

describe('what the page knows', () => {
  it('is nothing until the feeder said its status', () => {
    const reading = { bowl: statusOf().bowl, hopperGrams: 1, hopperState: 'weighed' as const };
    expect(after({ name: 'reading', body: reading }).status).toBeNull();
  });

  it('follows the scale', () => {
    const bowl = { grams: 7, sigmaGrams: 0.4, state: 'moving' as const, ageMs: 3 };
    const { status } = after(start, {
      name: 'reading',
      body: { bowl, hopperGrams: 880, hopperState: 'weighed' },
    });
    expect(status?.bowl).toEqual(bowl);
    expect(status?.hopperGrams).toBe(880);
  });

  it('follows the recording light of the camera', () => {
    const camera = cameraOf();
    const recording = { ...camera, isRecording: true };
    const known: LiveMessage = { name: 'status', body: statusOf({ camera }) };
    expect(after(known, { name: 'camera', body: recording }).status?.camera).toEqual(recording);
  });

  it('follows a feeding from its claim to its end', () => {
    const running = after(start, begun, half);
    expect(running.status?.running?.id).toBe('f1');
    expect(running.progress?.servedGrams).toBe(6);
    const end: LiveMessage = {
      name: 'feeding',
      body: feedingOf({ state: 'done', result: 'served' }),
    };
    const ended = applyLive(running, end);
    expect(ended.status?.running).toBeNull();
    expect(ended.progress).toBeNull();
  });

  it('lets the refusal of another feeding change nothing', () => {
    const refused = feedingOf({ id: 'f2', state: 'refused', refusal: 'busy' });
    const state = after(start, begun, half, { name: 'feeding', body: refused });
    expect(state.status?.running?.id).toBe('f1');
    expect(state.progress).not.toBeNull();
  });

  it('keeps the progress when a whole status of the same feeding comes in between', () => {
    const status = statusOf({ running: feedingOf() });
    expect(after(start, begun, half, { name: 'status', body: status }).progress).not.toBeNull();
    expect(after(start, begun, half, start).progress).toBeNull();
  });

  it('shows one alert for each subject, the newest', () => {
    const alert = { alert: 'late', subject: 'a', sinceMs: 1, why: 'first' };
    const { status } = after(
      start,
      { name: 'alert', body: alert },
      { name: 'alert', body: { ...alert, why: 'second' } },
      { name: 'alert', body: { ...alert, subject: 'b' } },
    );
    expect(status?.alerts.map((one) => one.why)).toEqual(['second', 'first']);
  });

  it('replaces the state of one component and adds a new one', () => {
    const ok = { name: 'storage', state: 'ok', why: '' } as const;
    const failed = { name: 'storage', state: 'failed', why: 'full' } as const;
    const { status } = after(
      start,
      { name: 'component', body: ok },
      { name: 'component', body: failed },
    );
    expect(status?.components).toEqual([failed]);
  });

  it('takes over faults and the quality of the clock', () => {
    const { status } = after(
      start,
      { name: 'faults', body: { items: [] } },
      { name: 'clock', body: { quality: 'unknown', stepMs: 0 } },
    );
    expect(status?.faults).toEqual([]);
    expect(status?.clockQuality).toBe('unknown');
  });
});
