import { type ErrorDetail, FeederError } from '@cat-feeder/shared';
import { isSchema, paramNames, type RouteDef } from './route.ts';

/** A path with its parameters' names left out: two routes may not differ in these alone. */
export function pathShape(path: string): string {
  return path.replace(/:[A-Za-z]+/g, ':');
}

/** Refuses a table of routes that contradicts itself, before any of it is mounted. */
export function checkRoutes(routes: readonly RouteDef[]): void {
  const problems: ErrorDetail[] = [];
  const shapes = new Set<string>();
  const operations = new Set<string>();
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    const shape = `${route.method} ${pathShape(route.path)}`;
    if (shapes.has(shape)) problems.push({ path: name, message: 'is there twice' });
    if (operations.has(route.operationId)) {
      problems.push({ path: name, message: `shares the operationId ${route.operationId}` });
    }
    shapes.add(shape);
    operations.add(route.operationId);
    problems.push(...gapsOf(route).map((message) => ({ path: name, message })));
  }
  if (problems.length === 0) return;
  const list = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new FeederError('ERR_INTERNAL', {
    message: `The routes contradict themselves: ${list}.`,
    details: problems,
  });
}

function gapsOf(route: RouteDef): string[] {
  const gaps: string[] = [];
  const isRooted = route.path.startsWith('/api/v1/') || route.path === '/healthz';
  if (!isRooted) gaps.push('is outside of /api/v1');
  if (!['public', 'local'].includes(route.auth)) gaps.push('has no auth policy');
  const hasParams = paramNames(route.path).length > 0;
  if (hasParams && route.params === undefined) gaps.push('has no schema for its parameters');
  if (!hasParams && route.params !== undefined) gaps.push('has a schema for parameters it lacks');
  if (!isSchema(route.response) && route.response.contentType === '') {
    gaps.push('has no response schema');
  }
  if (Object.keys(route.statuses).length === 0) gaps.push('answers with no status');
  if (route.body !== undefined && route.bodyExample === undefined) {
    gaps.push('has no example of its body');
  }
  const takesBody = route.method === 'POST' || route.method === 'PATCH';
  if (!takesBody && route.body !== undefined) gaps.push('takes a body it may not have');
  if (route.summary === '' || route.tags.length === 0) gaps.push('is not described');
  return gaps;
}
