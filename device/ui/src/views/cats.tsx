import type { PetView } from '@cat-feeder/shared';
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { gramsText, portionText } from '../format.ts';
import { say, sayCode } from '../messages/say.ts';
import { Heading } from '../parts/heading.tsx';
import { PetForm } from '../parts/pet-form.tsx';
import { pets } from '../state.ts';

/** The cat whose form is open: a new one, or one that exists. */
const open = signal<'none' | 'new' | PetView>('none');

function profileText(pet: PetView): string {
  const parts = [
    pet.bodyKg === null ? null : say('pet.kg', { kg: pet.bodyKg }),
    pet.lifeStage === null ? null : sayCode('lifeStage', pet.lifeStage),
  ];
  const known = parts.filter((part) => part !== null);
  return known.length === 0 ? say('pet.noProfile') : known.join(', ');
}

function energyText(pet: PetView): string | null {
  const { servedKcal, needKcal } = pet.today;
  if (needKcal === null) return null;
  const need = Math.round(needKcal);
  if (servedKcal === null) return say('pet.need', { need });
  return say('pet.energy', { served: Math.round(servedKcal), need });
}

function CatRow({ pet }: { pet: PetView }) {
  const { servedGrams, rationGrams, remainingGrams } = pet.today;
  return (
    <li class="cat">
      <div class="cat-who">
        <h2>{pet.name}</h2>
        <p class="soft">{profileText(pet)}</p>
        {pet.note !== '' && <p>{pet.note}</p>}
      </div>
      <div class="cat-day">
        <p class="cat-grams">
          {gramsText(servedGrams)}
          <span class="running-of">
            {rationGrams === null
              ? say('ration.today')
              : say('ration.ofToday', { ration: portionText(rationGrams) })}
          </span>
        </p>
        {rationGrams !== null && (
          <progress
            aria-label={say('ration.label', { pet: pet.name })}
            max={rationGrams}
            value={Math.min(servedGrams, rationGrams)}
          />
        )}
        <p class="soft">
          {remainingGrams !== null && say('ration.left', { grams: gramsText(remainingGrams) })}{' '}
          {energyText(pet)}
        </p>
      </div>
      <button
        type="button"
        onClick={() => {
          open.value = pet;
        }}
      >
        {say('action.edit')} <span class="visually-hidden">{pet.name}</span>
      </button>
    </li>
  );
}

/** Who eats here, and how much each may have. */
export function Cats() {
  useEffect(() => pets.ensure(), []);
  const all = pets.value.value;
  const now = open.value;
  return (
    <>
      <div class="section-head">
        <Heading>{say('pet.title')}</Heading>
        <button
          type="button"
          class="primary"
          onClick={() => {
            open.value = 'new';
          }}
        >
          {say('pet.add')}
        </button>
      </div>
      {all?.length === 0 && <p class="empty">{say('pet.none')}</p>}
      <ul class="cats">
        {(all ?? []).map((pet) => (
          <CatRow key={pet.id} pet={pet} />
        ))}
      </ul>
      {now !== 'none' && (
        <PetForm
          pet={now === 'new' ? null : now}
          onClose={() => {
            open.value = 'none';
            void pets.refresh();
          }}
        />
      )}
    </>
  );
}
