import type { Meal, Overlay, Plan } from '@cat-feeder/shared';
import { describe } from 'vitest';
import { MemoryCollection, MemorySettings, numberedIds } from './memory-documents.ts';
import { MemoryScheduleStore } from './memory-schedule-store.ts';
import { describeScheduleStore } from './schedule-store.ts';

describe('A-10 the schedule store in memory', () => {
  describeScheduleStore(() => {
    const ids = numberedIds();
    const store = new MemoryScheduleStore({
      plans: new MemoryCollection<Plan>(ids),
      meals: new MemoryCollection<Meal>(ids),
      overlays: new MemoryCollection<Overlay>(ids),
      settings: new MemorySettings(),
    });
    return {
      store,
      feed: ({ occurrence, ...feeding }) =>
        store.play({
          ...feeding,
          order: occurrence && { ...feeding, occurrence, verdict: 'fed', rule: 'on_time' },
        }),
    };
  });
});
