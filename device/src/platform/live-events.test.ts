import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LiveEvent, LiveEvents } from './live-events.ts';
import { type Logger, silentLogger } from './logger.ts';

function setup(keptMax = 5, logger: Logger = silentLogger) {
  return new LiveEvents({ epoch: 'boot1', logger, keptMax });
}
const change = (id: string) => ({ what: 'pets' as const, id });

describe('LiveEvents', () => {
  it('tells everyone who listens, until they stop', () => {
    const live = setup();
    const heard: LiveEvent[] = [];
    const stop = live.subscribe((event) => heard.push(event));
    live.publish('changed', change('a'));
    stop();
    live.publish('changed', change('b'));
    expect(heard).toEqual([{ id: 'boot1-1', name: 'changed', data: change('a') }]);
    expect(live.listenerCount()).toBe(0);
  });

  it('replays what came after an id, and says when some of it is gone', () => {
    const live = setup(3);
    for (const id of ['a', 'b', 'c', 'd', 'e']) live.publish('changed', change(id));
    const replay = live.after('boot1-3');
    expect(replay.kind === 'events' && replay.events.map((event) => event.id)).toEqual([
      'boot1-4',
      'boot1-5',
    ]);
    expect(live.after('boot1-5')).toEqual({ kind: 'events', events: [] });
    expect(live.after('boot1-1').kind).toBe('gap');
    expect(live.after('boot1-6').kind).toBe('gap');
    expect(live.after('boot0-4').kind).toBe('gap');
    expect(live.after('nonsense').kind).toBe('gap');
  });

  it('keeps no readings: they have no id and do not push out what matters', () => {
    const live = setup(2);
    live.publish('changed', change('a'));
    const heard: LiveEvent[] = [];
    live.subscribe((event) => heard.push(event));
    for (let i = 0; i < 10; i++) live.publish('stopping', { why: 'x' });
    expect(heard).toHaveLength(10);
    expect(heard.every((event) => event.id === null)).toBe(true);
    const replay = live.after('boot1-0');
    expect(replay.kind === 'events' && replay.events.length).toBe(1);
  });

  it('drops a watcher that throws; publisher and other watchers do not notice', () => {
    const lines: object[] = [];
    const live = setup(5, { ...silentLogger, error: (fields) => lines.push(fields) });
    let heard = 0;
    live.subscribe(() => {
      throw new TypeError('a broken watcher');
    });
    live.subscribe(() => {
      heard += 1;
    });
    live.publish('changed', change('a'));
    live.publish('changed', change('b'));
    expect(heard).toBe(2);
    expect(lines).toHaveLength(1);
    expect(live.listenerCount()).toBe(1);
  });

  it('a replay is always the exact tail of what was published', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(45), (published, seen) => {
        const live = setup(10);
        for (let i = 1; i <= published; i++) live.publish('changed', change(String(i)));
        const replay = live.after(`boot1-${seen}`);
        if (seen > published || published - seen > 10) return replay.kind === 'gap';
        if (replay.kind !== 'events') return false;
        const ids = replay.events.map((event) => event.id);
        const wanted = Array.from({ length: published - seen }, (_, i) => `boot1-${seen + 1 + i}`);
        return JSON.stringify(ids) === JSON.stringify(wanted);
      }),
    );
  });
});
