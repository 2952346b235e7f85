import {
  ClaimAgreeSchema,
  ClaimViewSchema,
  CloudQueueSchema,
  CloudViewSchema,
  ConflictSchema,
  ConflictsSchema,
  DoneSchema,
  FeederError,
} from '@cat-feeder/shared';
import type { ApiDeps, CloudPort } from '../deps.ts';
import { IdParamsSchema } from '../params.ts';
import { defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['cloud'];
const path = '/api/v1/cloud';
const shape = { tags, auth: 'local' } as const;

/** The link to the cloud, how the feeder comes to an account, and what both sides disagree on. */
export function cloudRoutes({ cloud }: ApiDeps): RouteDef[] {
  const configured = (): CloudPort => {
    if (cloud !== null) return cloud;
    throw new FeederError('ERR_NOT_FOUND', {
      message: 'This feeder has no cloud.',
      hint: 'Set cloudUrl in the configuration, if it is to have one.',
    });
  };
  return [...linkRoutes(configured), hurryRoute(configured), ...reviewRoutes(configured)];
}

function linkRoutes(configured: () => CloudPort): RouteDef[] {
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      path,
      operationId: 'getCloud',
      summary: 'How the link to the cloud stands.',
      response: CloudViewSchema,
      statuses: { 200: 'The link, and the claim under way.' },
      errors: ['ERR_NOT_FOUND'],
      handler: () => ok(configured().view()),
    }),
    defineRoute({
      ...shape,
      method: 'POST',
      path: `${path}/claim`,
      operationId: 'beginClaim',
      summary: 'Ask the cloud for a code, which the owner then types there.',
      response: ClaimViewSchema,
      statuses: { 200: 'The code; it lives ten minutes.' },
      errors: ['ERR_NOT_FOUND', 'ERR_UNAVAILABLE'],
      handler: async () => ok(await configured().beginClaim()),
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      path: `${path}/claim`,
      operationId: 'cancelClaim',
      summary: 'Forget the code.',
      response: DoneSchema,
      statuses: { 200: 'No claim is under way.' },
      errors: ['ERR_NOT_FOUND'],
      handler: () => {
        configured().cancelClaim();
        return done;
      },
    }),
    defineRoute({
      ...shape,
      method: 'POST',
      path: `${path}/agree`,
      operationId: 'agreeToAccount',
      summary: 'Agree that the account that typed the code gets this feeder.',
      body: ClaimAgreeSchema,
      bodyExample: { account: 'ada@example.org' },
      response: DoneSchema,
      statuses: { 200: 'The cloud is told.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CONFLICT'],
      handler: ({ body }) => {
        configured().agree(body.account);
        return done;
      },
    }),
    ...identityRoutes(configured),
  ];
}

/** What is done with the identity itself. */
function identityRoutes(configured: () => CloudPort): RouteDef[] {
  return [
    defineRoute({
      ...shape,
      method: 'POST',
      path: `${path}/key`,
      operationId: 'rotateCloudKey',
      summary: 'Change the key by which the cloud knows this feeder.',
      response: DoneSchema,
      statuses: { 200: 'The cloud believes the new key; the former one ends within a week.' },
      errors: ['ERR_NOT_FOUND', 'ERR_UNAVAILABLE', 'ERR_CONFLICT'],
      handler: async () => {
        await configured().rotateKey();
        return done;
      },
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      path,
      operationId: 'unlinkCloud',
      summary: 'Forget the account: the feeder is local from now on.',
      response: DoneSchema,
      statuses: { 200: 'It is.' },
      errors: ['ERR_NOT_FOUND'],
      handler: () => {
        configured().unlink();
        return done;
      },
    }),
  ];
}

function hurryRoute(configured: () => CloudPort): RouteDef {
  return defineRoute({
    ...shape,
    method: 'POST',
    path: `${path}/hurry`,
    operationId: 'hurryCloud',
    summary: 'Try to reach the cloud now, instead of after the wait.',
    response: DoneSchema,
    statuses: { 200: 'It is tried within two seconds, unless it is reached already.' },
    errors: ['ERR_NOT_FOUND'],
    handler: () => {
      configured().hurry();
      return done;
    },
  });
}

function reviewRoutes(configured: () => CloudPort): RouteDef[] {
  const one = {
    ...shape,
    method: 'POST',
    params: IdParamsSchema,
    response: ConflictSchema,
  } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      path: `${path}/queue`,
      operationId: 'listCloudQueue',
      summary: 'What waits for the cloud, the oldest first, each with why.',
      response: CloudQueueSchema,
      statuses: { 200: 'At most 50 entries, and the commands under way.' },
      errors: ['ERR_NOT_FOUND'],
      handler: () => ok(configured().queue()),
    }),
    defineRoute({
      ...shape,
      method: 'GET',
      path: `${path}/conflicts`,
      operationId: 'listConflicts',
      summary: 'Edits of feeder and cloud that met: what was kept, and what was not.',
      response: ConflictsSchema,
      statuses: { 200: 'At most 50, the newest first.' },
      errors: ['ERR_NOT_FOUND'],
      handler: () => ok({ items: [...configured().conflicts()] }),
    }),
    defineRoute({
      ...one,
      path: `${path}/conflicts/:id/restore`,
      operationId: 'restoreConflict',
      summary: 'Make the edit again that was not kept.',
      statuses: { 200: 'It holds, and the cloud will hear of it.' },
      errors: [
        'ERR_NOT_FOUND',
        'ERR_CONFLICT',
        'ERR_BUSINESS_RULE',
        'ERR_VALIDATION',
        'ERR_STORAGE',
      ],
      handler: ({ params }) => ok(configured().restoreConflict(params.id)),
    }),
    defineRoute({
      ...one,
      path: `${path}/conflicts/:id/dismiss`,
      operationId: 'dismissConflict',
      summary: 'It is as it shall be: nothing changes.',
      statuses: { 200: 'It is off the list of what is open.' },
      errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
      handler: ({ params }) => ok(configured().dismissConflict(params.id)),
    }),
  ];
}
