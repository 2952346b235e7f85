import type {
  CalibrationJob,
  Feeding,
  LiveEventBody,
  LiveEventName,
  Status,
} from '@cat-feeder/shared';

/** How far the running feeding is. */
export type Progress = LiveEventBody<'progress'>;

/** What the page knows of the feeder from one moment to the next. */
export interface LiveState {
  /** Null until the feeder has said anything. */
  readonly status: Status | null;
  /** Of the running feeding; null without one, and until its first message. */
  readonly progress: Progress | null;
  /** The guided kibble calibration that runs, or the last one. */
  readonly calibration: CalibrationJob | null;
}

/** One message of the event stream. */
export type LiveMessage = {
  [Name in LiveEventName]: { readonly name: Name; readonly body: LiveEventBody<Name> };
}[LiveEventName];

export const noLiveState: LiveState = { status: null, progress: null, calibration: null };

/** The state after a message. Messages of collections change nothing here: they are read again. */
export function applyLive(state: LiveState, message: LiveMessage): LiveState {
  switch (message.name) {
    case 'status':
      return withRunning({ ...state, status: message.body }, message.body.running);
    case 'reading':
      return withStatus(state, message.body);
    case 'progress':
      return { ...state, progress: message.body };
    case 'feeding':
      return applyFeeding(state, message.body);
    case 'faults':
      return withStatus(state, { faults: message.body.items });
    case 'alert':
      return withStatus(state, { alerts: withAlert(state, message.body) });
    case 'clock':
      return withStatus(state, { clockQuality: message.body.quality });
    case 'calibration':
      return { ...state, calibration: message.body };
    case 'component':
      return withStatus(state, { components: withComponent(state, message.body) });
    case 'presence':
      return withStatus(state, { reader: message.body });
    case 'camera':
      return withStatus(state, { camera: message.body });
    case 'occurrence':
    case 'clip':
    case 'changed':
    case 'reset':
    case 'stopping':
      return state;
  }
}

function withStatus(state: LiveState, change: Partial<Status>): LiveState {
  if (state.status === null) return state;
  return { ...state, status: { ...state.status, ...change } };
}

function withRunning(state: LiveState, running: Feeding | null): LiveState {
  const isSame = running !== null && state.progress?.feedingId === running.id;
  const next = withStatus(state, { running });
  return isSame ? next : { ...next, progress: null };
}

/** A refusal, or the end of another feeding, leaves the running one alone. */
function applyFeeding(state: LiveState, feeding: Feeding): LiveState {
  if (feeding.state === 'running') return withRunning(state, feeding);
  const running = state.status?.running ?? null;
  return running?.id === feeding.id ? withRunning(state, null) : state;
}

function withAlert(state: LiveState, alert: LiveEventBody<'alert'>): Status['alerts'] {
  const others = (state.status?.alerts ?? []).filter(
    (known) => known.alert !== alert.alert || known.subject !== alert.subject,
  );
  return [...others, alert];
}

function withComponent(
  state: LiveState,
  component: LiveEventBody<'component'>,
): Status['components'] {
  const components = state.status?.components ?? [];
  if (!components.some((known) => known.name === component.name)) return [...components, component];
  return components.map((known) => (known.name === component.name ? component : known));
}
