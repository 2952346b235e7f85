import { describe, expect, it } from 'vitest';
import { nextServiceState, type ServiceEvent, type ServiceState } from './service-state.ts';

const table: Record<ServiceState, Record<ServiceEvent, ServiceState>> = {
  waiting: {
    start: 'starting',
    started: 'waiting',
    failed: 'waiting',
    skip: 'failed',
    stop: 'waiting',
    stopped: 'waiting',
  },
  starting: {
    start: 'starting',
    started: 'running',
    failed: 'failed',
    skip: 'starting',
    stop: 'stopping',
    stopped: 'starting',
  },
  running: {
    start: 'running',
    started: 'running',
    failed: 'running',
    skip: 'running',
    stop: 'stopping',
    stopped: 'running',
  },
  stopping: {
    start: 'stopping',
    started: 'stopping',
    failed: 'failed',
    skip: 'stopping',
    stop: 'stopping',
    stopped: 'stopped',
  },
  stopped: {
    start: 'stopped',
    started: 'stopped',
    failed: 'stopped',
    skip: 'stopped',
    stop: 'stopped',
    stopped: 'stopped',
  },
  failed: {
    start: 'failed',
    started: 'failed',
    failed: 'failed',
    skip: 'failed',
    stop: 'failed',
    stopped: 'failed',
  },
};

describe('nextServiceState', () => {
  for (const [state, row] of Object.entries(table)) {
    it.each(Object.entries(row))(`${state} --%s--> %s`, (event, next) => {
      expect(nextServiceState(state as ServiceState, event as ServiceEvent)).toBe(next);
    });
  }
});
