import {
  ClaimAgreeSchema,
  ClaimViewSchema,
  CloudViewSchema,
  DoneSchema,
  FeederError,
} from '@cat-feeder/shared';
import type { ApiDeps, CloudPort } from '../deps.ts';
import { defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['cloud'];
const path = '/api/v1/cloud';

/** The link to the cloud, and how the feeder comes to an account. */
export function cloudRoutes({ cloud }: ApiDeps): RouteDef[] {
  const configured = (): CloudPort => {
    if (cloud !== null) return cloud;
    throw new FeederError('ERR_NOT_FOUND', {
      message: 'This feeder has no cloud.',
      hint: 'Set cloudUrl in the configuration, if it is to have one.',
    });
  };
  const shape = { tags, auth: 'local' } as const;
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
