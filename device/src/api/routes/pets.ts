import {
  DoneSchema,
  type Pet,
  PetChangeSchema,
  PetInputSchema,
  PetsSchema,
  type PetView,
  PetViewSchema,
} from '@cat-feeder/shared';
import type { ApiDeps } from '../deps.ts';
import { changeOf, found, IdParamsSchema } from '../params.ts';
import { created, defineRoute, done, ok, type RouteDef } from '../route.ts';

const tags = ['pets'];
const path = '/api/v1/pets';

/** Pets and their rations. */
export function petRoutes(deps: ApiDeps): RouteDef[] {
  return [listPets(deps), addPet(deps), ...onePet(deps)];
}

function viewOf({ pets }: ApiDeps, pet: Pet): PetView {
  return { ...pet, today: pets.today(pet.id) };
}

function listPets(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'GET',
    path,
    operationId: 'listPets',
    summary: 'Every pet with what it has had today.',
    tags,
    auth: 'local',
    response: PetsSchema,
    statuses: { 200: 'The pets.' },
    errors: [],
    handler: () => ok({ items: deps.pets.list().map((pet) => viewOf(deps, pet)) }),
  });
}

function addPet(deps: ApiDeps): RouteDef {
  return defineRoute({
    method: 'POST',
    path,
    operationId: 'addPet',
    summary: 'Add a pet.',
    tags,
    auth: 'local',
    body: PetInputSchema,
    bodyExample: { name: 'Mia', bodyKg: 4.2, lifeStage: 'neutered_adult', rationGrams: 55 },
    response: PetViewSchema,
    statuses: { 201: 'The new pet.' },
    errors: ['ERR_BUSINESS_RULE', 'ERR_STORAGE'],
    handler: ({ body }) => {
      const pet = deps.pets.add(body);
      return created(viewOf(deps, pet), `${path}/${pet.id}`);
    },
  });
}

function onePet(deps: ApiDeps): RouteDef[] {
  const shape = { path: `${path}/:id`, tags, auth: 'local', params: IdParamsSchema } as const;
  return [
    defineRoute({
      ...shape,
      method: 'GET',
      operationId: 'getPet',
      summary: 'One pet with what it has had today.',
      response: PetViewSchema,
      statuses: { 200: 'The pet.' },
      errors: ['ERR_NOT_FOUND'],
      handler: ({ params }) => ok(viewOf(deps, found(deps.pets.get(params.id)))),
    }),
    defineRoute({
      ...shape,
      method: 'PATCH',
      operationId: 'changePet',
      summary: 'Change some fields of a pet.',
      body: PetChangeSchema,
      bodyExample: { rationGrams: 60, expectedRev: 1 },
      response: PetViewSchema,
      statuses: { 200: 'The pet as it is now.' },
      errors: ['ERR_NOT_FOUND', 'ERR_CONFLICT', 'ERR_STORAGE'],
      handler: ({ params, body }) => {
        const { patch, expectedRev } = changeOf(body);
        return ok(viewOf(deps, deps.pets.change(params.id, patch, expectedRev)));
      },
    }),
    defineRoute({
      ...shape,
      method: 'DELETE',
      operationId: 'removePet',
      summary: 'Remove a pet. Its meals must be removed or changed first.',
      response: DoneSchema,
      statuses: { 200: 'It is gone; its feedings stay on record.' },
      errors: ['ERR_NOT_FOUND', 'ERR_BUSINESS_RULE', 'ERR_STORAGE'],
      handler: ({ params }) => {
        deps.pets.remove(params.id);
        return done;
      },
    }),
  ];
}
