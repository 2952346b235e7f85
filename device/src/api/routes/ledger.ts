import {
  LedgerPageSchema,
  LedgerQuerySchema,
  LedgerVerifySchema,
  PAGE_LIMIT_MAX,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { pageLimit } from '../params.ts';
import { pulledStream } from '../pulled-stream.ts';
import { defineRoute, ok, type RouteDef } from '../route.ts';

const tags = ['ledger'];

/** The append-only record of everything that happened. */
export function ledgerRoutes({ ledger, clock }: ApiDeps): RouteDef[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/ledger',
      operationId: 'listLedger',
      summary: 'Entries after a sequence number, oldest first.',
      tags,
      auth: 'local',
      query: LedgerQuerySchema,
      response: LedgerPageSchema,
      statuses: { 200: 'A page of at most 100.' },
      errors: ['ERR_BUSINESS_RULE'],
      handler: ({ query: { afterSeq = 0, limit } }) =>
        ok(ledger.page({ afterSeq, limit: pageLimit(limit, PAGE_LIMIT_MAX) })),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/ledger/verify',
      operationId: 'verifyLedger',
      summary: 'Read the whole chain and check every hash.',
      tags,
      auth: 'local',
      response: LedgerVerifySchema,
      statuses: { 200: 'Whether the chain holds, and where it breaks.' },
      errors: ['ERR_STORAGE'],
      handler: async () => ok(await ledger.verify()),
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/ledger/file',
      operationId: 'exportLedger',
      summary: 'The whole record with the feeder’s signature, one JSON text per line.',
      tags,
      auth: 'local',
      response: { contentType: 'application/x-ndjson' },
      statuses: { 200: 'The file, made while it is sent; without its last line it is not whole.' },
      errors: [],
      handler: () => ({
        status: 200,
        body: pulledStream(ledger.file(), clock),
        headers: {
          'content-type': 'application/x-ndjson',
          'content-disposition': 'attachment; filename="ledger.ndjson"',
        },
      }),
    }),
  ];
}
