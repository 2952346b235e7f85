import {
  DoneSchema,
  type Plan,
  PlanChangeSchema,
  PlanInputSchema,
  PlansSchema,
  type PlanView,
  PlanViewSchema,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { changeOf, found, IdParamsSchema } from '../params.ts';
import { created, defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['plan'];
const path = '/api/v1/plans';

/** Plans and which of them is followed. */
export function planRoutes(deps: ApiDeps): RouteDef[] {
  return [listPlans(deps), addPlan(deps), ...onePlan(deps), activatePlan(deps)];
}

function viewOf({ plans, settings }: ApiDeps, plan: Plan): PlanView {
  const { activePlanId } = settings.get();
  const meals = plans.meals().filter((meal) => meal.planId === plan.id);
  return { ...plan, active: plan.id === activePlanId, meals };
}

function planById(deps: ApiDeps, id: string): PlanView {
  return viewOf(deps, found(deps.plans.plans().find((plan) => plan.id === id)));
}

function listPlans(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path,
    operationId: 'listPlans',
    summary: 'Every plan with its meals.',
    tags,
    auth: 'local',
    response: PlansSchema,
    statuses: { 200: 'The plans; at most one is active.' },
    errors: [],
    handler: () => ok({ items: deps.plans.plans().map((plan) => viewOf(deps, plan)) }),
  });
}

function addPlan(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'POST',
    path,
    operationId: 'addPlan',
    summary: 'Add an empty plan. It is not followed until it is activated.',
    tags,
    auth: 'local',
    body: PlanInputSchema,
    bodyExample: { name: 'Every day' },
    response: PlanViewSchema,
    statuses: { 201: 'The new plan.' },
    errors: ['ERR_BUSINESS_RULE', 'ERR_STORAGE'],
    handler: ({ body }) => {
      const plan = deps.plans.addPlan(body);
      return created(viewOf(deps, plan), `${path}/${plan.id}`);
    },
  });
}

function onePlan(deps: ApiDeps): RouteDef[] {
  const shape = { path: `${path}/:id`, tags, auth: 'local', params: IdParamsSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      operationId: 'getPlan',
      summary: 'One plan with its meals.',
      response: PlanViewSchema,
      statuses: { 200: 'The plan.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => ok(planById(deps, params.id)),
    }),
    defineRoute({
      ...shape,
      method: 'PATCH',
      operationId: 'changePlan',
      summary: 'Rename a plan.',
      body: PlanChangeSchema,
      bodyExample: { name: 'Weekend', expectedRev: 1 },
      response: PlanViewSchema,
      statuses: { 200: 'The plan as it is now.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CONFLICT', 'ERR_STORAGE'],
      handler: ({ params, body }) => {
        const { patch, expectedRev } = changeOf(body);
        return ok(viewOf(deps, deps.plans.changePlan(params.id, patch, expectedRev)));
      },
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      operationId: 'removePlan',
      summary: 'Remove a plan and its meals. The active one stays.',
      response: DoneSchema,
      statuses: { 200: 'It is gone.' },
      errors: ['ERR_NOT_FOUND', 'ERR_BUSINESS_RULE', 'ERR_STORAGE'],
      handler: ({ params }) => {
        deps.plans.removePlan(params.id);
        return done;
      },
    }),
  ];
}

function activatePlan(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'POST',
    path: `${path}/:id/activate`,
    operationId: 'activatePlan',
    summary: 'Follow this plan from now on.',
    tags,
    auth: 'local',
    params: IdParamsSchema,
    response: PlanViewSchema,
    statuses: { 200: 'The plan, now active.' },
    errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
    handler: ({ params }) => {
      deps.plans.activatePlan(params.id);
      return ok(planById(deps, params.id));
    },
  });
}
