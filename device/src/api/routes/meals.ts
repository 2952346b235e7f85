import {
  DoneSchema,
  MealChangeSchema,
  MealInputSchema,
  MealSchema,
  MealsQuerySchema,
  MealsSchema,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { changeOf, found, IdParamsSchema } from '../params.ts';
import { created, defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['plan'];
const path = '/api/v1/meals';

/** Meals: the entries of a plan. */
export function mealRoutes(deps: ApiDeps): RouteDef[] {
  return [listMeals(deps), addMeal(deps), ...oneMeal(deps)];
}

function listMeals({ plans }: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path,
    operationId: 'listMeals',
    summary: 'Meals of one plan, or of all.',
    tags,
    auth: 'local',
    query: MealsQuerySchema,
    response: MealsSchema,
    statuses: { 200: 'The meals.' },
    errors: [],
    handler: ({ query: { planId } }) => {
      const items = plans.meals().filter((meal) => planId === undefined || meal.planId === planId);
      return ok({ items });
    },
  });
}

function addMeal({ plans }: ApiDeps): RouteDef {
  return defineRoute({
    method: 'POST',
    path,
    operationId: 'addMeal',
    summary:
      'Add a meal to a plan, by default the active one. A time in a spring gap is due right after it.',
    tags,
    auth: 'local',
    body: MealInputSchema,
    bodyExample: { name: 'Breakfast', time: '07:30', portionGrams: 15 },
    response: MealSchema,
    statuses: { 201: 'The new meal.' },
    errors: ['ERR_NOT_FOUND', 'ERR_BUSINESS_RULE', 'ERR_STORAGE'],
    handler: ({ body: { planId, ...fields } }) => {
      const meal = plans.addMeal(planId === undefined ? fields : { ...fields, planId });
      return created(meal, `${path}/${meal.id}`);
    },
  });
}

function oneMeal({ plans }: ApiDeps): RouteDef[] {
  const shape = { path: `${path}/:id`, tags, auth: 'local', params: IdParamsSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      operationId: 'getMeal',
      summary: 'One meal.',
      response: MealSchema,
      statuses: { 200: 'The meal.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => ok(found(plans.meals().find((meal) => meal.id === params.id))),
    }),
    defineRoute({
      ...shape,
      method: 'PATCH',
      operationId: 'changeMeal',
      summary: 'Change some fields of a meal.',
      body: MealChangeSchema,
      bodyExample: { portionGrams: 20, expectedRev: 1 },
      response: MealSchema,
      statuses: { 200: 'The meal as it is now.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CONFLICT', 'ERR_BUSINESS_RULE', 'ERR_STORAGE'],
      handler: ({ params, body }) => {
        const { patch, expectedRev } = changeOf(body);
        return ok(plans.changeMeal(params.id, patch, expectedRev));
      },
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      operationId: 'removeMeal',
      summary: 'Remove a meal. What it has served stays on record.',
      response: DoneSchema,
      statuses: { 200: 'It is gone.' },
      errors: ['ERR_NOT_FOUND', 'ERR_STORAGE'],
      handler: ({ params }) => {
        plans.removeMeal(params.id);
        return done;
      },
    }),
  ];
}
