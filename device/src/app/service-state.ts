/*
 * The life of one part of the program.
 *
 *   waiting --start--> starting --started--> running --stop--> stopping --stopped--> stopped
 *      |                  |   \--failed----> failed                 \----failed----> failed
 *      |                  \--stop--> stopping
 *      \--skip--> failed            (a part that it needs has failed)
 *
 * I1 Only `running` counts as healthy.
 * I2 `stopped` and `failed` are final: a part is never started twice in one process.
 */

export type ServiceState = 'waiting' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
export type ServiceEvent = 'start' | 'started' | 'failed' | 'skip' | 'stop' | 'stopped';

/** The state after the event; an event that does not fit leaves the state as it is. */
export function nextServiceState(state: ServiceState, event: ServiceEvent): ServiceState {
  switch (state) {
    case 'waiting':
      if (event === 'start') return 'starting';
      return event === 'skip' ? 'failed' : state;
    case 'starting':
      if (event === 'started') return 'running';
      if (event === 'stop') return 'stopping';
      return event === 'failed' ? 'failed' : state;
    case 'running':
      return event === 'stop' ? 'stopping' : state;
    case 'stopping':
      if (event === 'stopped') return 'stopped';
      return event === 'failed' ? 'failed' : state;
    case 'stopped':
    case 'failed':
      return state;
  }
}
