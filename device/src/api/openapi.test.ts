import { FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { schemaNames } from './openapi-names.ts';
import { defineRoute, isSchema, type RouteDef } from './route.ts';
import { checkRoutes } from './route-checks.ts';

type Json = Record<string, unknown>;
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
}
interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: { name: string; in: string; required: boolean; schema: Json }[];
  requestBody?: { content: Record<string, { schema: Json; example: unknown }> };
  responses: Record<string, { description: string; content: Record<string, { schema: Json }> }>;
}

async function document(): Promise<Document> {
  const response = await new FakeFeeder().request('GET', '/api/v1/openapi.json');
  return (await response.json()) as Document;
}

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value ? [String(value.$ref)] : [];
  return [...own, ...Object.values(value).flatMap(refsIn)];
}

/** Every JSON schema in the document, wherever it stands. */
function schemasIn(doc: Document): Json[] {
  const operations = Object.values(doc.paths).flatMap((path) => Object.values(path));
  const contents = operations.flatMap((operation) => [
    ...Object.values(operation.requestBody?.content ?? {}),
    ...Object.values(operation.responses).flatMap((response) => Object.values(response.content)),
  ]);
  const parameters = operations.flatMap((operation) => operation.parameters ?? []);
  return [
    ...contents.map(({ schema }) => schema),
    ...parameters.map(({ schema }) => schema),
    ...Object.values(doc.components.schemas),
  ];
}

const schemaTypes = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** Sentences about what is no JSON Schema of 2020-12. */
function faultsOf(schema: unknown, at: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [`${at} is no schema`];
  const { type, required, properties, items, enum: list, pattern } = schema as Json;
  const faults: string[] = [];
  if (type !== undefined && !schemaTypes.includes(String(type))) faults.push(`${at}: type ${type}`);
  if (required !== undefined && !Array.isArray(required)) faults.push(`${at}: required`);
  if (list !== undefined && !Array.isArray(list)) faults.push(`${at}: enum`);
  if (pattern !== undefined) {
    // Dialects of other languages have no flags, so the pattern must work as it stands.
    expect(() => new RegExp(String(pattern), 'u')).not.toThrow();
  }
  for (const [name, child] of Object.entries((properties as Json | undefined) ?? {})) {
    faults.push(...faultsOf(child, `${at}.${name}`));
  }
  if (items !== undefined && items !== false) faults.push(...faultsOf(items, `${at}[]`));
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    const children = (schema as Json)[key];
    if (Array.isArray(children)) {
      faults.push(...children.flatMap((child, i) => faultsOf(child, `${at}/${key}/${i}`)));
    }
  }
  return faults;
}

describe('A-42, B-70 the OpenAPI document', () => {
  it('A-40, A-41 has every mounted route, every listed route, and no other', async () => {
    const doc = await document();
    const documented = Object.entries(doc.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const feeder = new FakeFeeder();
    const defined = feeder.api
      .routes()
      .map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`);
    const mounted = feeder.api.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`);
    const listed = (
      (await (await feeder.request('GET', '/api/v1/meta/routes')).json()) as {
        data: { items: { method: string; path: string }[] };
      }
    ).data.items.map(({ method, path }) => `${method} ${path.replace(/:([a-z]+)/g, '{$1}')}`);
    expect(documented.sort()).toEqual(defined.sort());
    expect(mounted.sort()).toEqual(defined);
    expect(listed.sort()).toEqual(defined);
    expect(defined.length).toBeGreaterThan(45);
  });

  it('is complete: version, names, descriptions, parameters of the path', async () => {
    const doc = await document();
    expect(doc.openapi).toBe('3.1.0');
    expect(doc.info.version).toBe('0.0.0-test');
    const ids: string[] = [];
    for (const [path, methods] of Object.entries(doc.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const operation of Object.values(methods)) {
        ids.push(operation.operationId);
        expect(operation.summary).toMatch(/\w/);
        expect(operation.tags.length).toBeGreaterThan(0);
        const inPath = (operation.parameters ?? []).filter((p) => p.in === 'path');
        expect(inPath.map(({ name }) => name)).toEqual(names);
        expect(inPath.every(({ required }) => required)).toBe(true);
        const statuses = Object.keys(operation.responses);
        expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
        expect(statuses).toEqual(expect.arrayContaining(['400', '403', '421', '500']));
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('resolves every $ref', async () => {
    const doc = await document();
    const refs = refsIn(doc);
    expect(refs.length).toBeGreaterThan(100);
    for (const ref of refs) {
      const name = /^#\/components\/schemas\/(\w+)$/.exec(ref)?.[1] ?? '';
      expect(doc.components.schemas[name], ref).toBeDefined();
    }
  });

  it('holds nothing but JSON Schema', async () => {
    const doc = await document();
    expect(schemasIn(doc).flatMap((schema) => faultsOf(schema, 'schema'))).toEqual([]);
    expect(faultsOf({ type: 'grams' }, 'x')).toEqual(['x: type grams']);
  });

  it('B-20 names every answer, so that generated clients have types', () => {
    const nameless = new FakeFeeder().api
      .routes()
      .filter(({ response }) => isSchema(response) && !schemaNames.has(response));
    expect(nameless.map(({ operationId }) => operationId)).toEqual([]);
  });

  it('gives examples that the feeder takes', async () => {
    const doc = await document();
    for (const route of new FakeFeeder().api.routes()) {
      if (route.body === undefined) continue;
      expect(v.safeParse(route.body, route.bodyExample).issues, route.operationId).toBeUndefined();
      const path = route.path.replace(/:([a-z]+)/g, '{$1}');
      const operation = doc.paths[path]?.[route.method.toLowerCase()];
      expect(operation?.requestBody?.content['application/json']?.example).toEqual(
        route.bodyExample,
      );
    }
  });

  it('describes the failures as they are sent', async () => {
    const doc = await document();
    const properties = doc.components.schemas['Error']?.['properties'] as { error: Json };
    expect(properties.error['required']).toEqual([
      'code',
      'message',
      'status',
      'requestId',
      'hint',
      'retry',
      'details',
    ]);
  });
});

describe('A-39, B-34 the table of routes', () => {
  const route = defineRoute({
    method: 'GET',
    path: '/api/v1/things/:id',
    operationId: 'getThing',
    summary: 'One thing.',
    tags: ['things'],
    auth: 'local',
    params: v.strictObject({ id: v.string() }),
    response: v.strictObject({}),
    statuses: { 200: 'It.' },
    errors: [],
    handler: () => ({ status: 200, data: {} }),
  });
  const { params: _params, ...withoutParams } = route;
  const table: [string, RouteDef[]][] = [
    ['is there twice', [route, { ...route, path: '/api/v1/things/:name', operationId: 'other' }]],
    ['shares the operationId', [route, { ...route, path: '/api/v1/items/:id' }]],
    ['has no schema for its parameters', [withoutParams]],
    ['lacks', [{ ...route, path: '/api/v1/things' }]],
    ['has no auth policy', [{ ...route, auth: 'nobody' as never }]],
    ['is outside of /api/v1', [{ ...route, path: '/things/:id' }]],
    ['answers with no status', [{ ...route, statuses: {} }]],
    ['has no example', [{ ...route, method: 'POST', body: v.strictObject({}) }]],
    ['takes a body it may not', [{ ...route, body: v.strictObject({}), bodyExample: {} }]],
    ['is not described', [{ ...route, summary: '' }]],
    ['has no response schema', [{ ...route, response: { contentType: '' } }]],
  ];
  it.each(table)('is refused when a route %s', (sentence, routes) => {
    expect(() => checkRoutes(routes)).toThrow(FeederError);
    expect(() => checkRoutes(routes)).toThrow(sentence);
  });

  it('is taken when it holds, in any order', () => {
    const routes = new FakeFeeder().api.routes();
    checkRoutes(routes);
    checkRoutes([...routes].reverse());
  });
});
