import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../platform/virtual-clock.ts';
import type { PetReader, ReaderLink, TagReading } from './pet-reader.ts';
import {
  ARRIVAL_WINDOW_MS,
  LEFT_AFTER_MS,
  nextPresence,
  nobody,
  type Presence,
  type PresenceChange,
  type PresenceEvent,
  presentIds,
  TAGS_MAX,
  type TagState,
} from './presence.ts';
import { PresenceWatch } from './presence-watch.ts';

type Moment = 'frame soon' | 'frame late' | 'time soon' | 'time late' | 'reader lost';

/** A presence in which the tag `a` has this state since 0 and was last seen then. */
const withState = (state: TagState): Presence =>
  state === 'absent' ? nobody : new Map([['a', { state, sinceMs: 0, lastMs: 0 }]]);
const stateOf = (presence: Presence): TagState => presence.get('a')?.state ?? 'absent';

describe('the presence of one tag', () => {
  const lateMs = LEFT_AFTER_MS + 1;
  const moments: Readonly<Record<Moment, PresenceEvent>> = {
    'frame soon': { kind: 'frame', id: 'a', atMs: ARRIVAL_WINDOW_MS },
    'frame late': { kind: 'frame', id: 'a', atMs: lateMs },
    'time soon': { kind: 'time', atMs: ARRIVAL_WINDOW_MS },
    'time late': { kind: 'time', atMs: lateMs },
    'reader lost': { kind: 'reader-lost', atMs: ARRIVAL_WINDOW_MS },
  };
  const table: Readonly<
    Record<TagState, Record<Moment, readonly [TagState, ...PresenceChange['kind'][]]>>
  > = {
    absent: {
      'frame soon': ['glimpsed'],
      'frame late': ['glimpsed'],
      'time soon': ['absent'],
      'time late': ['absent'],
      'reader lost': ['absent'],
    },
    glimpsed: {
      'frame soon': ['present', 'arrived'],
      'frame late': ['glimpsed'],
      'time soon': ['glimpsed'],
      'time late': ['absent'],
      'reader lost': ['absent'],
    },
    present: {
      'frame soon': ['present'],
      'frame late': ['glimpsed', 'left'],
      'time soon': ['present'],
      'time late': ['absent', 'left'],
      'reader lost': ['absent', 'out-of-sight'],
    },
  };
  const cells = Object.entries(table).flatMap(([state, row]) =>
    Object.entries(row).map(([moment, wanted]) => ({ state, moment, wanted })),
  );

  it.each(cells)('$state, $moment: $wanted', ({ state, moment, wanted }) => {
    const step = nextPresence(withState(state as TagState), moments[moment as Moment]);
    const found = [stateOf(step.presence), ...step.changes.map(({ kind }) => kind)];
    expect(found).toEqual(wanted);
  });
});

/** Some tags that come and go, with readers that are lost, in order of time. */
const days = fc
  .array(
    fc.tuple(
      fc.constantFrom('a', 'b', 'c', null, 'lost'),
      fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 6000 })),
    ),
    { maxLength: 80 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(([what, ms]): PresenceEvent => {
      atMs += ms;
      if (what === null) return { kind: 'time', atMs };
      return what === 'lost' ? { kind: 'reader-lost', atMs } : { kind: 'frame', id: what, atMs };
    });
  });

/** Lives through the events; `look` sees each step. */
function live(
  events: readonly PresenceEvent[],
  look: (event: PresenceEvent, changes: readonly PresenceChange[], presence: Presence) => void,
): void {
  let presence = nobody;
  for (const event of events) {
    const step = nextPresence(presence, event);
    presence = step.presence;
    look(event, step.changes, presence);
  }
}

describe('whatever comes and goes', () => {
  it('I1 a tag arrives with two frames within one second', () => {
    fc.assert(
      fc.property(days, (events) => {
        live(events, (event, changes) => {
          for (const { kind, id } of changes) {
            if (kind !== 'arrived') continue;
            const near = events.filter(
              (other) =>
                other.kind === 'frame' &&
                other.id === id &&
                other.atMs <= event.atMs &&
                event.atMs - other.atMs <= ARRIVAL_WINDOW_MS,
            );
            expect(near.length).toBeGreaterThanOrEqual(2);
          }
        });
      }),
    );
  });

  it('I2 arrivals and their ends alternate', () => {
    fc.assert(
      fc.property(days, (events) => {
        const isHere = new Map<string, boolean>();
        live(events, (_event, changes) => {
          for (const { kind, id } of changes) {
            expect(isHere.get(id) ?? false).toBe(kind !== 'arrived');
            isHere.set(id, kind === 'arrived');
          }
        });
      }),
    );
  });

  it('I3 nobody leaves within four seconds of a frame', () => {
    fc.assert(
      fc.property(days, (events) => {
        const seenMs = new Map<string, number>();
        live(events, (event, changes) => {
          for (const { kind, id, atMs } of changes) {
            if (kind === 'left')
              expect(atMs - (seenMs.get(id) ?? 0)).toBeGreaterThan(LEFT_AFTER_MS);
          }
          if (event.kind === 'frame') seenMs.set(event.id, event.atMs);
        });
      }),
    );
  });

  it('I4 two tags whose frames alternate are two cats', () => {
    const events = Array.from({ length: 41 }, (_, at): PresenceEvent => {
      return { kind: 'frame', id: at % 2 ? 'b' : 'a', atMs: at * 300 };
    });
    const told: string[] = [];
    let last = nobody;
    live(events, (_event, changes, presence) => {
      told.push(...changes.map(({ kind, id }) => `${id} ${kind}`));
      last = presence;
    });
    expect(told).toEqual(['a arrived', 'b arrived']);
    expect(presentIds(last)).toEqual(['a', 'b']);
  });

  it('I5 nobody is present once the reader is lost', () => {
    fc.assert(
      fc.property(days, (events) => {
        live(events, (event, _changes, presence) => {
          if (event.kind === 'reader-lost') expect(presence.size).toBe(0);
        });
      }),
    );
  });

  it('I6 follows at most 16 tags, and forgets a glimpse before a cat', () => {
    const cat = [0, 100].map((atMs): PresenceEvent => ({ kind: 'frame', id: 'cat', atMs }));
    const crowd = Array.from({ length: 50 }, (_, at): PresenceEvent => {
      return { kind: 'frame', id: `stray ${at}`, atMs: 100 };
    });
    live([...cat, ...crowd], (_event, _changes, presence) => {
      expect(presence.size).toBeLessThanOrEqual(TAGS_MAX);
    });
    let last = nobody;
    live([...cat, ...crowd], (_event, _changes, presence) => (last = presence));
    expect(presentIds(last)).toEqual(['cat']);
    const full = crowd.flatMap((event) => [event, event]).slice(0, 2 * TAGS_MAX);
    live([...full, ...crowd], (_event, _changes, presence) => (last = presence));
    expect(presentIds(last)).toHaveLength(TAGS_MAX);
  });
});

describe('a watch at a reader', () => {
  /** A reader whose frames are given by hand. */
  class HandReader implements Pick<PetReader, 'onReading' | 'onLink'> {
    read: (reading: TagReading) => void = () => {};
    turn: (link: ReaderLink) => void = () => {};
    onReading(listener: (reading: TagReading) => void): void {
      this.read = listener;
    }
    onLink(listener: (link: ReaderLink) => void): void {
      this.turn = listener;
    }
  }

  const open = () => {
    const clock = new VirtualClock();
    const reader = new HandReader();
    const watch = new PresenceWatch({ reader, clock });
    const told: string[] = [];
    watch.onChange(({ kind, id }) => told.push(`${id} ${kind}`));
    const frame = (id: string) =>
      reader.read({ protocol: 'fdxb', id, isAnimal: true, raw: '', atMs: clock.monoMs() });
    return { clock, reader, watch, told, frame };
  };

  it('tells of an arrival and, by time alone, of the end', () => {
    const { clock, watch, told, frame } = open();
    frame('a');
    clock.advance(200);
    frame('a');
    expect(watch.present()).toEqual(['a']);
    clock.advance(LEFT_AFTER_MS);
    expect(told).toEqual(['a arrived']);
    clock.advance(1000);
    expect(told).toEqual(['a arrived', 'a left']);
    expect(clock.pendingNames()).toEqual([]);
  });

  it('loses sight of a cat when the reader is unplugged', () => {
    const { reader, watch, told, frame } = open();
    frame('a');
    frame('a');
    reader.turn({ isUp: true, why: null });
    reader.turn({ isUp: false, why: 'Unplugged.' });
    expect([told, watch.present()]).toEqual([['a arrived', 'a out-of-sight'], []]);
  });

  it('is silent once it was closed', () => {
    const { clock, watch, told, frame } = open();
    frame('a');
    watch.close();
    frame('a');
    clock.advance(10_000);
    expect([told, clock.pendingNames()]).toEqual([[], []]);
  });
});
