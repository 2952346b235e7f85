import { describe, expect, it } from 'vitest';
import { createServiceNotify } from './service-notify.ts';

describe('createServiceNotify', () => {
  it('does nothing without a service manager', () => {
    const notify = createServiceNotify({}, () => expect.unreachable());
    notify.ready('ready');
    notify.alive();
    expect(notify.problem).toBe(null);
  });

  it('sends the words of the protocol, one message each', () => {
    const sent: [number, string][] = [];
    const notify = createServiceNotify(
      { NOTIFY_SOCKET: '/run/notify', FEEDER_NOTIFY_FD: '3' },
      (descriptor, text) => sent.push([descriptor, text]),
    );
    notify.ready('listening\non 8480');
    notify.alive();
    notify.stopping('signal');
    expect(sent).toEqual([
      [3, 'READY=1\nSTATUS=listening on 8480'],
      [3, 'WATCHDOG=1'],
      [3, 'STOPPING=1\nSTATUS=signal'],
    ]);
  });

  it('counts what the manager does not take, and goes on', () => {
    const notify = createServiceNotify({ FEEDER_NOTIFY_FD: '3' }, () => {
      throw Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' });
    });
    notify.alive();
    notify.alive();
    expect(notify.lost).toBe(2);
  });

  it.each(['', '0', '2', 'three'])('never writes to descriptor %j', (FEEDER_NOTIFY_FD) => {
    const notify = createServiceNotify({ NOTIFY_SOCKET: '/run/notify', FEEDER_NOTIFY_FD }, () =>
      expect.unreachable(),
    );
    notify.ready('ready');
    expect(notify.problem).toContain('FEEDER_NOTIFY_FD');
  });
});
