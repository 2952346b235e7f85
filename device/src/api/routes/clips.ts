import {
  ClipChangeSchema,
  ClipExportQuerySchema,
  ClipPictureParamsSchema,
  ClipSchema,
  ClipsPageSchema,
  ClipsQuerySchema,
  DoneSchema,
} from '@cat-feeder/shared';
import { daySpan } from '../../scheduling/local-time.ts';
import type { ClipExports } from '../clip-export.ts';
import type { ApiDeps } from '../deps.ts';
import { found, IdParamsSchema, pageLimit } from '../params.ts';
import { defineRoute, done, ok, type RouteDef } from '../route.ts';
import { serveFile } from '../stored-file.ts';

const tags = ['clips'];
const CLIPS_LIMIT = 20;

/** Clips of feedings and visits. */
export function clipRoutes(deps: ApiDeps, exports: ClipExports): RouteDef[] {
  return [listClips(deps), exportClips(exports), ...oneClip(deps), ...clipFiles(deps)];
}

function listClips({ clips, settings }: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/clips',
    operationId: 'listClips',
    summary: 'Clips, newest first; of one feeding, one pet, one day, or those to keep.',
    tags,
    auth: 'local',
    query: ClipsQuerySchema,
    response: ClipsPageSchema,
    statuses: { 200: 'A page of at most 100.' },
    errors: ['ERR_BUSINESS_RULE'],
    handler: ({ query }) => {
      const { before, feedingId, petId, keep, date } = query;
      const limit = pageLimit(query.limit, CLIPS_LIMIT);
      const items = clips.list({
        limit: limit + 1,
        ...(before === undefined ? {} : { before }),
        ...(feedingId === undefined ? {} : { feedingId }),
        ...(petId === undefined ? {} : { petId }),
        ...(keep === undefined ? {} : { keep: keep === 'true' }),
        ...(date === undefined ? {} : daySpan(settings.get().zone, date)),
      });
      const page = items.slice(0, limit);
      const nextCursor = items.length > limit ? (page.at(-1)?.id ?? null) : null;
      return ok({ items: page, nextCursor });
    },
  });
}

function exportClips(exports: ClipExports): RouteDef {
  return defineRoute({
    method: 'GET',
    path: '/api/v1/clips.zip',
    operationId: 'exportClips',
    summary: 'One day’s clips with their pictures and a list of them, as a zip. One at a time.',
    tags,
    auth: 'local',
    query: ClipExportQuerySchema,
    response: { contentType: 'application/zip' },
    statuses: { 200: 'The archive, made while it is sent.' },
    errors: ['ERR_NOT_FOUND', 'ERR_RATE_LIMITED'],
    handler: ({ query }) => exports.open(query.date),
  });
}

function oneClip({ clips }: ApiDeps): RouteDef[] {
  const shape = { tags, auth: 'local', path: '/api/v1/clips/:id', params: IdParamsSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      operationId: 'getClip',
      summary: 'What is known of one clip.',
      response: ClipSchema,
      statuses: { 200: 'The clip.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => ok(found(clips.get(params.id))),
    }),
    defineRoute({
      ...shape,
      method: 'PATCH',
      operationId: 'changeClip',
      summary: 'Keep a clip for ever, or no longer.',
      body: ClipChangeSchema,
      bodyExample: { keep: true },
      response: ClipSchema,
      statuses: { 200: 'The clip as it is now.' },
      errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
      handler: ({ params, body }) => ok(clips.setKeep(params.id, body.keep)),
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      operationId: 'removeClip',
      summary: 'Remove a clip and its pictures. Who is watching it sees it to its end.',
      response: DoneSchema,
      statuses: { 200: 'It is gone; the ledger keeps what it was.' },
      errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
      handler: async ({ params }) => {
        await clips.remove(params.id);
        return done;
      },
    }),
  ];
}

function clipFiles({ clips, clock }: ApiDeps): RouteDef[] {
  const errors = ['ERR_NOT_FOUND', 'ERR_RANGE'] as const;
  const statuses = {
    200: 'The file.',
    206: 'The bytes that were asked for.',
    304: 'The client has it already.',
  };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/clips/:id/video',
      operationId: 'getClipVideo',
      summary: 'The video, MP4 with H.264; one range of it with the header Range.',
      tags,
      auth: 'local',
      params: IdParamsSchema,
      response: { contentType: 'video/mp4' },
      statuses,
      errors: [...errors, 'ERR_FILE_DAMAGED'],
      handler: ({ params, conditions }) => {
        const { id, sha256, bytes: sizeBytes } = found(clips.get(params.id));
        const file = { sizeBytes, path: clips.path(id, 'video'), contentType: 'video/mp4' };
        return serveFile({ ...file, etag: `"${sha256}"` }, conditions, clock);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/clips/:id/pictures/:picture',
      operationId: 'getClipPicture',
      summary: 'A picture of the clip: its preview, or the bowl before and after.',
      tags,
      auth: 'local',
      params: ClipPictureParamsSchema,
      response: { contentType: 'image/jpeg' },
      statuses,
      errors: [...errors],
      handler: ({ params, conditions }) => {
        const { picture } = params;
        const { id } = found(clips.get(params.id));
        const file = { path: clips.path(id, picture), contentType: 'image/jpeg' };
        return serveFile({ ...file, etag: `"${id}-${picture}"` }, conditions, clock);
      },
    }),
  ];
}
