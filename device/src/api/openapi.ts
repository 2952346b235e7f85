import {
  type ErrorCode,
  ErrorEnvelopeSchema,
  errorTable,
  keywordsOf,
  liveEventBodies,
  liveEventNames,
} from '@cat-feeder/shared';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { schemaNames } from './openapi-names.ts';
import { isSchema, paramNames, type RouteDef } from './route.ts';

type Json = Record<string, unknown>;

/** Codes that any route may answer with. */
const commonErrors: readonly ErrorCode[] = [
  'ERR_VALIDATION',
  'ERR_CROSS_SITE',
  'ERR_HOST_NOT_ALLOWED',
  'ERR_INTERNAL',
];
const bodyErrors: readonly ErrorCode[] = [
  'ERR_MALFORMED_JSON',
  'ERR_BODY_TOO_LARGE',
  'ERR_UNSUPPORTED_MEDIA_TYPE',
];

/** The routes as an OpenAPI 3.1 document. Made from the definitions that serve them, so it cannot differ. */
export function openApiDocument(routes: readonly RouteDef[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([A-Za-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cat feeder, local API',
      version,
      description:
        'Every success is {"data": ...}, every failure {"error": {...}}. Bare numbers of food are grams, instants are epoch milliseconds. Until there is access control, the feeder listens on loopback only.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.flatMap((route) => route.tags))].map((name) => ({ name })),
    paths,
    components: { schemas: componentSchemas() },
  };
}

function operationOf(route: RouteDef): Json {
  const { operationId, summary, tags, auth } = route;
  const parameters = [...parametersOf(route, 'path'), ...parametersOf(route, 'query')];
  return {
    operationId,
    summary,
    tags: [...tags],
    'x-auth': auth,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: requestBodyOf(route, route.body) }),
    responses: { ...successesOf(route), ...failuresOf(route) },
  };
}

function parametersOf(route: RouteDef, place: 'path' | 'query'): Json[] {
  const schema = place === 'path' ? route.params : route.query;
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = inputSchema(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const names = place === 'path' ? paramNames(route.path) : Object.keys(properties);
  return names.map((name) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: properties[name] ?? { type: 'string' },
  }));
}

function requestBodyOf(route: RouteDef, body: v.GenericSchema): Json {
  // A body whose every field has a default may be left out.
  const required = !v.is(body, {});
  const content = { schema: inputSchema(body), example: route.bodyExample };
  return { required, content: { 'application/json': content } };
}

function successesOf(route: RouteDef): Json {
  const { response } = route;
  const media = isSchema(response)
    ? { 'application/json': { schema: envelopeOf(refOrSchema(response)) } }
    : { [response.contentType]: { schema: mediaSchema(response.contentType) } };
  const described = Object.entries(route.statuses).map(([status, description]) => [
    status,
    { description, headers: { 'x-request-id': { schema: { type: 'string' } } }, content: media },
  ]);
  return Object.fromEntries(described) as Json;
}

function failuresOf(route: RouteDef): Json {
  const isUnsafe = route.method !== 'GET';
  const codes = new Set<ErrorCode>([
    ...commonErrors,
    ...(isUnsafe ? bodyErrors : []),
    ...(route.rateLimit === undefined ? [] : (['ERR_RATE_LIMITED'] as const)),
    ...route.errors,
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses = [...byStatus]
    .filter(([status]) => route.statuses[status] === undefined)
    .sort(([a], [b]) => a - b)
    .map(([status, list]) => [String(status), failureOf(list)]);
  return Object.fromEntries(responses) as Json;
}

function failureOf(codes: readonly ErrorCode[]): Json {
  const schema = { $ref: '#/components/schemas/Error' };
  const examples = codes.map((code) => [code, { value: exampleError(code) }]);
  return {
    description: codes.map((code) => `${code}: ${errorTable[code].message}`).join(' '),
    content: { 'application/json': { schema, examples: Object.fromEntries(examples) } },
  };
}

function exampleError(code: ErrorCode): Json {
  const { message, status, hint, retry } = errorTable[code];
  const requestId = '2f0c6f6e-7d0a-4a9c-9d8f-0d7a53c1f6aa';
  return { error: { code, message, status, requestId, hint, retry, details: [] } };
}

function envelopeOf(data: Json): Json {
  return {
    type: 'object',
    properties: { data },
    required: ['data'],
    additionalProperties: false,
  };
}

function mediaSchema(contentType: string): Json {
  if (contentType !== 'text/event-stream') {
    return contentType === 'application/json' ? { type: 'object' } : { type: 'string' };
  }
  return {
    type: 'string',
    description: `Events: ${liveEventNames.join(', ')}. Each one's data is LiveEvent_<name>.`,
  };
}

function refOrSchema(schema: v.GenericSchema): Json {
  const name = schemaNames.get(schema);
  return name === undefined ? outputSchema(schema) : { $ref: `#/components/schemas/${name}` };
}

function componentSchemas(): Json {
  const named = [...schemaNames].map(([schema, name]) => [name, outputSchema(schema)]);
  const live = liveEventNames.map((name) => [
    `LiveEvent_${name}`,
    outputSchema(liveEventBodies[name]),
  ]);
  return Object.fromEntries([
    ['Error', outputSchema(ErrorEnvelopeSchema)],
    ...named,
    ...live,
  ]) as Json;
}

/** What a client may send. Checks that JSON Schema cannot express are left to the feeder. */
export function inputSchema(schema: v.GenericSchema): Json {
  return jsonSchema(schema, 'input');
}

/** What a client gets. Answers hold values, so their text and ranges need no repeated checks. */
function outputSchema(schema: v.GenericSchema): Json {
  return jsonSchema(schema, 'output');
}

function jsonSchema(schema: v.GenericSchema, typeMode: 'input' | 'output'): Json {
  const { $schema, ...rest } = toJsonSchema(schema, {
    typeMode,
    errorMode: 'ignore',
    target: 'draft-2020-12',
    overrideAction: ({ valibotAction, jsonSchema: before }) => {
      const keywords = keywordsOf(valibotAction);
      return keywords === null ? null : { ...before, ...keywords };
    },
  });
  return rest;
}
