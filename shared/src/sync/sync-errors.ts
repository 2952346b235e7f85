/**
 * What the service refuses, and what a feeder does about it. A feeder believes only answers that
 * carry one of these codes; any other answer comes from somebody in between.
 *
 *   hello   greet again and compare notes        wait   back off, then go on where it was
 *   halve   send less at once                    local  cloud features off until a person acts
 *   drop    this request is settled; go on
 */
export type SyncReaction = 'hello' | 'wait' | 'halve' | 'local' | 'drop';

const table = {
  fenced: { status: 409, reaction: 'hello', why: 'a newer session of this identity exists' },
  gap: { status: 409, reaction: 'hello', why: 'entries before this batch are missing' },
  fork: { status: 409, reaction: 'hello', why: 'the entries do not follow from those known here' },
  unknown_epoch: { status: 409, reaction: 'hello', why: 'the epoch is not known here' },
  too_large: { status: 413, reaction: 'halve', why: 'the body is larger than allowed' },
  bad_request: { status: 400, reaction: 'wait', why: 'the body does not fit its schema' },
  bad_token: {
    status: 401,
    reaction: 'hello',
    why: 'the access token is missing, expired or false',
  },
  revoked: { status: 403, reaction: 'local', why: 'the identity was revoked by its owner' },
  unclaimed: { status: 403, reaction: 'local', why: 'the identity belongs to no home' },
  proto: { status: 426, reaction: 'local', why: 'no protocol version in common' },
  rate_limited: { status: 429, reaction: 'wait', why: 'too many requests' },
  overloaded: { status: 503, reaction: 'wait', why: 'the service asks for time' },
  internal: { status: 500, reaction: 'wait', why: 'the service failed; nothing was stored' },
  not_found: { status: 404, reaction: 'drop', why: 'there is nothing of that name' },
  expired: { status: 410, reaction: 'drop', why: 'the command is too old' },
  cancelled: { status: 410, reaction: 'drop', why: 'the command was taken back' },
  taken: { status: 410, reaction: 'drop', why: 'the command was claimed by somebody else' },
  offline: { status: 409, reaction: 'drop', why: 'the feeder is not connected' },
  incomplete: {
    status: 409,
    reaction: 'wait',
    why: 'the clip has not arrived as it was announced',
  },
  reused: { status: 409, reaction: 'drop', why: 'the id was used for another wish' },
} as const satisfies Record<string, { status: number; reaction: SyncReaction; why: string }>;

/** The closed set of refusals. */
export type SyncRefusal = keyof typeof table;

/** Every refusal with its HTTP status, what a feeder does, and why it happens. */
export const syncRefusals: Readonly<
  Record<SyncRefusal, { status: number; reaction: SyncReaction; why: string }>
> = table;

export const syncRefusalNames = Object.keys(table) as [SyncRefusal, ...SyncRefusal[]];
