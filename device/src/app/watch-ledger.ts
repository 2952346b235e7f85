import type { LiveEventBody } from '@cat-feeder/shared';
import { eventBodies } from '@cat-feeder/shared';
import * as v from 'valibot';
import type { LiveEvents } from '../platform/live-events.ts';
import type { DeviceStore } from '../storage/store.ts';

type Changed = LiveEventBody<'changed'>['what'];

/** Which collection a page must read again after a document of a kind has changed. */
const collections: Readonly<Record<string, Changed>> = {
  pet: 'pets',
  kibble: 'kibbles',
  meal: 'meals',
  plan: 'plans',
  overlay: 'overlays',
  settings: 'settings',
  calibration: 'scale',
  hopper_calibration: 'scale',
};

/** Tells watchers of what the ledger has just taken. Returns the unsubscribe. */
export function watchLedger(store: DeviceStore, live: LiveEvents): () => void {
  return store.log.onEntry((entry) => {
    if (entry.name === 'doc.changed') {
      const { kind, id } = v.parse(eventBodies['doc.changed'], entry.body);
      const what = collections[kind];
      if (what !== undefined) live.publish('changed', { what, id });
    }
    if (entry.name === 'clip.dropped') {
      const { clipId } = v.parse(eventBodies['clip.dropped'], entry.body);
      live.publish('changed', { what: 'clips', id: clipId });
    }
    if (entry.name === 'occurrence.closed') {
      const { key } = v.parse(eventBodies['occurrence.closed'], entry.body);
      const occurrence = store.schedule.occurrence(key);
      if (occurrence !== undefined) live.publish('occurrence', occurrence);
    }
    if (entry.name === 'feeding.refused') {
      const { feedingId } = v.parse(eventBodies['feeding.refused'], entry.body);
      const feeding = store.journal.find(feedingId);
      if (feeding !== undefined) live.publish('feeding', feeding);
    }
  });
}
