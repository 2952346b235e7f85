import type {
  CalibrationJob,
  Clip,
  ClipsPage,
  CloudQueue,
  CloudView,
  Conflict,
  ErrorEnvelope,
  Feeding,
  FeedingDetail,
  FeedingsPage,
  FeedRequest,
  KibbleView,
  LedgerVerify,
  Meal,
  Occurrence,
  Overlay,
  OverlayInput,
  Pet,
  PetInput,
  PetView,
  PlanView,
  Preview,
  ScaleView,
  Settings,
  Status,
  StopResult,
  SystemView,
} from '@cat-feeder/shared';

const PREFIX = '/api/v1';
/** Nothing waits for ever: a local feeder answers in milliseconds. */
const ANSWER_MS_MAX = 8_000;
/** The feeder waits for the bowl to stand still before it weighs. */
const REST_MS_MAX = 65_000;
/** The feeder asks somebody far away. */
const CLOUD_MS_MAX = 65_000;
/** Reading and hashing a long ledger takes its time. */
const VERIFY_MS_MAX = 60_000;

/** The feeder answered, with an error: what happened and what to do, in its own words. */
export class ApiError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly details: readonly { path: string; message: string }[];

  constructor(envelope: ErrorEnvelope) {
    super(envelope.error.message);
    this.name = 'ApiError';
    this.code = envelope.error.code;
    this.hint = envelope.error.hint;
    this.details = envelope.error.details;
  }
}

/** No answer came, so it is not known whether the feeder acted. */
export class NoAnswer extends Error {
  constructor(cause: unknown) {
    super('The feeder did not answer.', { cause });
    this.name = 'NoAnswer';
  }
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** Lets the request finish even when the page is being closed. */
  readonly keepalive?: boolean;
}

async function readJson(response: Response): Promise<unknown> {
  if (response.status === 204) return { data: null };
  try {
    return await response.json();
  } catch (cause) {
    throw new NoAnswer(cause);
  }
}

async function call<T>(path: string, options: Call = {}): Promise<T> {
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers: { accept: 'application/json' },
    cache: 'no-store',
    keepalive: options.keepalive ?? false,
    signal: AbortSignal.timeout(options.timeoutMs ?? ANSWER_MS_MAX),
  };
  if (options.body !== undefined) {
    init.body = JSON.stringify(options.body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  let response: Response;
  try {
    response = await fetch(PREFIX + path, init);
  } catch (cause) {
    throw new NoAnswer(cause);
  }
  const json = (await readJson(response)) as { data: T } | ErrorEnvelope;
  if ('error' in json) throw new ApiError(json);
  return json.data;
}

interface Items<T> {
  readonly items: readonly T[];
}

const at = encodeURIComponent;

/** The local API, one function per request. They reject with `ApiError` or `NoAnswer`. */
export const api = {
  status: () => call<Status>('/status'),
  isAlive: (timeoutMs: number) => call<{ live: true }>('/health/live', { timeoutMs }),
  stop: () => call<StopResult>('/stop', { method: 'POST', timeoutMs: 3_000, keepalive: true }),

  feed: (body: FeedRequest) => call<Feeding>('/feedings', { method: 'POST', body }),
  cancel: (id: string) => call<Feeding>(`/feedings/${at(id)}/cancel`, { method: 'POST' }),
  feedings: (limit: number) => call<FeedingsPage>(`/feedings?limit=${limit}`),
  feeding: (id: string) => call<FeedingDetail>(`/feedings/${at(id)}`),

  clips: (limit: number) => call<ClipsPage>(`/clips?limit=${limit}`),
  keepClip: (id: string, keep: boolean) =>
    call<Clip>(`/clips/${at(id)}`, { method: 'PATCH', body: { keep } }),
  removeClip: (id: string) => call<unknown>(`/clips/${at(id)}`, { method: 'DELETE' }),

  /** Those of the feeder's own today. */
  occurrences: () => call<Items<Occurrence>>('/occurrences'),
  preview: (days: number) => call<Preview>(`/preview?days=${days}`),
  skipNext: () => call<Overlay>('/plan/skip-next', { method: 'POST' }),

  plans: () => call<Items<PlanView>>('/plans'),
  addMeal: (body: Partial<Meal>) => call<Meal>('/meals', { method: 'POST', body }),
  changeMeal: (id: string, body: Partial<Meal> & { expectedRev?: number }) =>
    call<Meal>(`/meals/${at(id)}`, { method: 'PATCH', body }),
  removeMeal: (id: string) => call<unknown>(`/meals/${at(id)}`, { method: 'DELETE' }),

  overlays: () => call<Items<Overlay>>('/overlays'),
  addOverlay: (body: OverlayInput) => call<Overlay>('/overlays', { method: 'POST', body }),
  removeOverlay: (id: string) => call<unknown>(`/overlays/${at(id)}`, { method: 'DELETE' }),

  pets: () => call<Items<PetView>>('/pets'),
  addPet: (body: PetInput) => call<Pet>('/pets', { method: 'POST', body }),
  changePet: (id: string, body: Partial<PetInput> & { expectedRev?: number }) =>
    call<Pet>(`/pets/${at(id)}`, { method: 'PATCH', body }),
  removePet: (id: string) => call<unknown>(`/pets/${at(id)}`, { method: 'DELETE' }),

  kibbles: () => call<Items<KibbleView>>('/kibbles'),
  addKibble: (body: { name: string; kcalPer100g: number | null }) =>
    call<KibbleView>('/kibbles', { method: 'POST', body }),
  calibrateKibble: (id: string) =>
    call<CalibrationJob>(`/kibbles/${at(id)}/calibrate`, { method: 'POST', body: {} }),

  cloud: () => call<CloudView>('/cloud'),
  beginClaim: () => call<unknown>('/cloud/claim', { method: 'POST', timeoutMs: CLOUD_MS_MAX }),
  agreeToAccount: (account: string) =>
    call<unknown>('/cloud/agree', { method: 'POST', body: { account } }),
  cancelClaim: () => call<unknown>('/cloud/claim', { method: 'DELETE' }),
  unlinkCloud: () => call<unknown>('/cloud', { method: 'DELETE' }),
  hurryCloud: () => call<unknown>('/cloud/hurry', { method: 'POST' }),
  cloudQueue: () => call<CloudQueue>('/cloud/queue'),
  conflicts: () => call<Items<Conflict>>('/cloud/conflicts'),
  restoreConflict: (id: string) =>
    call<Conflict>(`/cloud/conflicts/${at(id)}/restore`, { method: 'POST' }),
  dismissConflict: (id: string) =>
    call<Conflict>(`/cloud/conflicts/${at(id)}/dismiss`, { method: 'POST' }),

  scale: () => call<ScaleView>('/scale'),
  tare: (confirm: boolean) =>
    call<ScaleView>(`/scale/tare?confirm=${confirm}`, { method: 'POST', timeoutMs: REST_MS_MAX }),
  span: (knownGrams: number) =>
    call<ScaleView>('/scale/calibrate', {
      method: 'POST',
      body: { knownGrams },
      timeoutMs: REST_MS_MAX,
    }),

  tareHopper: (confirm: boolean) =>
    call<ScaleView>(`/scale/hopper/tare?confirm=${confirm}`, {
      method: 'POST',
      timeoutMs: REST_MS_MAX,
    }),
  spanHopper: (knownGrams: number) =>
    call<ScaleView>('/scale/hopper/calibrate', {
      method: 'POST',
      body: { knownGrams },
      timeoutMs: REST_MS_MAX,
    }),

  settings: () => call<Settings>('/settings'),
  changeSettings: (body: Partial<Settings> & { expectedRev?: number }) =>
    call<Settings>('/settings', { method: 'PATCH', body }),
  system: () => call<SystemView>('/system'),
  verifyLedger: () =>
    call<LedgerVerify>('/ledger/verify', { method: 'POST', timeoutMs: VERIFY_MS_MAX }),
  clearFault: (fault: string) => call<unknown>(`/faults/${at(fault)}/clear`, { method: 'POST' }),
} as const;
