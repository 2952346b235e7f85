import type { CloudLog } from '../api/deps.ts';
import type { ClipContext } from '../clips/clip-context.ts';
import type { System } from '../platform/system.ts';
import type { MysqlStore } from '../storage/mysql/device-store.ts';
import { clipKey } from '../storage/s3/clip-key.ts';
import { S3ObjectStore } from '../storage/s3/s3-object-store.ts';
import type { ClipStoreOptions } from './compose-cloud.ts';

/** A store that is away at the start is asked again after this long. */
const AGAIN_MS = 30_000;

export interface Clips {
  readonly context: ClipContext;
  readonly ping: () => Promise<void>;
  close(): void;
}

/** The store of clips with its rules; null: this service has none. It need not answer yet. */
export function composeClips(options: {
  readonly s3: ClipStoreOptions | null;
  readonly store: MysqlStore;
  readonly system: System;
  readonly log: CloudLog;
}): Clips | null {
  const { s3, store, system } = options;
  if (s3 === null) return null;
  const objects = new S3ObjectStore(s3);
  const stopPreparing = prepare(objects, options);
  const { days, deviceBytesMax } = s3;
  const now = () => system.wallMs();
  return {
    context: { store, now, objects, keyOf: clipKey, days, deviceBytesMax },
    ping: () => objects.ping(),
    close: () => {
      stopPreparing();
      objects.close();
    },
  };
}

/** Makes the bucket and its rules, now or when the store is back. Returns how to give up. */
function prepare(
  objects: S3ObjectStore,
  { system, log }: { readonly system: System; readonly log: CloudLog },
): () => void {
  let callOff: () => void = () => {};
  let isOver = false;
  const attempt = () => {
    objects.prepare().then(
      () => log.info({}, 'The store of clips is ready.'),
      (error: unknown) => {
        if (isOver) return;
        log.warn({ error }, 'The store of clips could not be prepared; clips wait for it.');
        callOff = system.after(AGAIN_MS, attempt);
      },
    );
  };
  attempt();
  return () => {
    isOver = true;
    callOff();
  };
}
