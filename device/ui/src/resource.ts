import { type ReadonlySignal, signal } from '@preact/signals';

/** A collection of the feeder as it was last read. */
export interface Resource<T> {
  /** Null until it was read for the first time. */
  readonly value: ReadonlySignal<T | null>;
  /** Why the last reading failed; null when it did not. */
  readonly error: ReadonlySignal<Error | null>;
  /** Reads again. Calls while one is on its way become one more reading. */
  refresh(): Promise<void>;
  /** Reads only when nothing was read before. */
  ensure(): void;
}

/** Makes a resource from the request that reads it. Nothing is read yet. */
export function createResource<T>(load: () => Promise<T>): Resource<T> {
  const value = signal<T | null>(null);
  const error = signal<Error | null>(null);
  let running: Promise<void> | null = null;
  let isStale = false;

  async function read(): Promise<void> {
    do {
      isStale = false;
      try {
        value.value = await load();
        error.value = null;
      } catch (cause) {
        error.value = cause instanceof Error ? cause : new Error(String(cause));
      }
    } while (isStale);
    running = null;
  }

  function refresh(): Promise<void> {
    isStale = true;
    running ??= read();
    return running;
  }

  return {
    value,
    error,
    refresh,
    ensure: () => {
      if (value.value === null) void refresh();
    },
  };
}
