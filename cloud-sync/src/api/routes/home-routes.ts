import {
  ClaimCodeSchema,
  COMMAND_TTL_CLOUD_MS_MAX,
  CommandOrderSchema,
  GroupRevsSchema,
  GroupsSchema,
  makeHlc,
  PartyIdSchema,
  UlidSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { type Answer, accepted } from '../../core/answer.ts';
import { cancelCommand, issueCommand } from '../../core/commands.ts';
import { proposeMutation } from '../../core/mutations.ts';
import { HomeStore } from '../../home/home-store.ts';
import {
  readCommand,
  readDevice,
  readDocs,
  readMutation,
  revokeDevice,
} from '../../home/read-device.ts';
import { confirmClaim } from '../../identity/enrolment.ts';
import type { ApiDeps } from '../deps.ts';
import { Refused } from '../reply.ts';
import { readBody } from '../request-body.ts';
import { addRoute, bearerOf, type Call, type CloudApp, idOf, limit } from '../route.ts';
import { addHomeClipRoutes } from './clip-routes.ts';
import type { Asked, Member, OnDevice } from './on-device.ts';

const MINUTE_MS = 60_000;
const CALLS = { burst: 60, everyMs: 250 } as const;
/** A code has 40 bits; at this rate nobody finds one. */
const CODES = { burst: 5, everyMs: 2 * MINUTE_MS } as const;
const ALL_CODES = { burst: 1000, everyMs: MINUTE_MS / 1000 } as const;
/** Whatever is asked for, the feeder's own caps stand behind it. */
const COMMANDS = { burst: 10, everyMs: 6_000 } as const;
const EVENTS_DEFAULT = 100;

const ConfirmSchema = v.object({ code: ClaimCodeSchema });
const CommandSchema = v.object({
  id: UlidSchema,
  order: CommandOrderSchema,
  ttl_ms: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(COMMAND_TTL_CLOUD_MS_MAX)),
  ),
});
const WishSchema = v.object({
  mid: UlidSchema,
  op: v.picklist(['create', 'patch', 'delete']),
  base: v.optional(GroupRevsSchema, {}),
  groups: v.optional(GroupsSchema, {}),
});
const PlaceSchema = v.pipe(
  v.string(),
  v.regex(/^\d{1,10}\.\d{1,16}$/),
  v.transform((text) => text.split('.').map(Number)),
);

/** What members of a home ask for. */
export function addHomeRoutes(app: CloudApp, deps: ApiDeps): void {
  const { enrolment } = deps;
  const member = async (call: Call): Promise<Member> => {
    const bearer = await bearerOf(deps, call, 'member');
    await limit(deps, `member:${bearer.account}`, CALLS);
    return bearer;
  };
  addRoute(app, deps, ['POST', '/v1/claim/confirm'], async (call) => {
    const bearer = await member(call);
    await limit(deps, `code:${bearer.account}`, CODES);
    await limit(deps, 'code', ALL_CODES);
    const { code } = await readBody(call.incoming, ConfirmSchema);
    return confirmClaim(enrolment, bearer, code);
  });
  addRoute(app, deps, ['GET', '/v1/devices'], async (call) => {
    const { homeId } = await member(call);
    return accepted({ devices: await enrolment.store.devicesOf(homeId) });
  });
  const onDevice = (
    place: Parameters<typeof addRoute>[2],
    use: (asked: Asked) => Promise<Answer<unknown>>,
  ) =>
    addRoute(app, deps, place, async (call) => {
      const bearer = await member(call);
      const deviceId = idOf(call, 'device', PartyIdSchema);
      const store = new HomeStore(deps.cloud.store, bearer.homeId);
      return use({ call, member: bearer, deviceId, cloud: { ...deps.cloud, store } });
    });
  const device = '/v1/devices/:device';
  onDevice(['GET', device], async ({ cloud, deviceId }) => {
    const read = await readDevice(cloud, deviceId);
    if (!read.ok) return read;
    return accepted({ ...read.body, present: await deps.presence.read(deviceId) });
  });
  onDevice(['DELETE', device], async ({ cloud, deviceId }) => {
    const revoked = await revokeDevice(cloud, deviceId);
    if (revoked.ok) deps.doorbell.remove(deviceId);
    return revoked;
  });
  addCommandRoutes(onDevice, deps);
  addDocRoutes(onDevice, deps);
  addHomeClipRoutes(onDevice, deps);
}

function addCommandRoutes(onDevice: OnDevice, deps: ApiDeps): void {
  const commands = '/v1/devices/:device/commands';
  onDevice(['POST', commands], async ({ call, cloud, deviceId }) => {
    await readDevice(cloud, deviceId);
    await limit(deps, `command:${deviceId}`, COMMANDS);
    const { id, order, ttl_ms } = await readBody(call.incoming, CommandSchema);
    const ttl = ttl_ms === undefined ? {} : { ttlMs: ttl_ms };
    const issued = await issueCommand(cloud, deviceId, { commandId: id, order, ...ttl });
    if (!issued.ok) return issued;
    const { state, item } = issued.body;
    if (item !== undefined) deps.doorbell.ring(deviceId, item);
    return accepted({ state });
  });
  onDevice(['GET', `${commands}/:id`], ({ call, cloud, deviceId }) =>
    readCommand(cloud, deviceId, idOf(call, 'id', UlidSchema)),
  );
  onDevice(['POST', `${commands}/:id/cancel`], ({ call, cloud, deviceId }) =>
    cancelCommand(cloud, deviceId, idOf(call, 'id', UlidSchema)),
  );
}

function addDocRoutes(onDevice: OnDevice, deps: ApiDeps): void {
  const device = '/v1/devices/:device';
  onDevice(['GET', `${device}/docs`], ({ cloud, deviceId, member }) =>
    readDocs(cloud, { deviceId, homeId: member.homeId }),
  );
  onDevice(['PATCH', `${device}/docs/:kind/:id`], async ({ call, cloud, deviceId }) => {
    const kind = call.param('kind').slice(0, 40);
    const id = idOf(call, 'id', UlidSchema);
    const { mid, op, base, groups } = await readBody(call.incoming, WishSchema);
    const hlc = makeHlc(cloud.now());
    // A meal's new time holds from now on: what was due before belongs to its earlier form.
    const since = kind === 'meal' && groups['timing'] !== undefined;
    const timing = { ...groups['timing'], effectiveFromMs: cloud.now() };
    const wished = since ? { ...groups, timing } : groups;
    const still = { rev: 0, grevs: {}, deleted: false, epoch: 0 };
    const mutation = {
      doc: [kind, id] as [string, string],
      op,
      base,
      groups: wished,
      ...still,
      hlc,
    };
    const proposed = await proposeMutation(cloud, deviceId, { mid, mutation });
    if (!proposed.ok) return proposed;
    const { outcomes, item } = proposed.body;
    if (item !== undefined) deps.doorbell.ring(deviceId, item);
    return accepted({ outcomes });
  });
  onDevice(['GET', `${device}/mutations/:id`], ({ call, cloud, deviceId }) =>
    readMutation(cloud, deviceId, idOf(call, 'id', UlidSchema)),
  );
  onDevice(['GET', `${device}/events`], async ({ call, cloud, deviceId, member }) => {
    await readDevice(cloud, deviceId);
    const place = v.safeParse(PlaceSchema, call.query('after') ?? '0.0');
    const count = Number(call.query('limit') ?? EVENTS_DEFAULT);
    if (!place.success || !Number.isInteger(count)) throw new Refused('bad_request');
    const [epoch = 0, seq = 0] = place.output;
    const who = { deviceId, homeId: member.homeId };
    const events = await deps.events.page(who, { after: { epoch, seq }, limit: count });
    return accepted({ events: events.map((row) => ({ ...row, body: JSON.parse(row.body) })) });
  });
}
