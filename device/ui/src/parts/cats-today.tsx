import type { PetView } from '@cat-feeder/shared';
import { gramsText, portionText } from '../format.ts';
import { say } from '../messages/say.ts';
import { pets } from '../state.ts';

/** What a cat has had today, as a bar against its ration where it has one. */
export function RationBar({ pet }: { pet: PetView }) {
  const { servedGrams, rationGrams } = pet.today;
  const grams = gramsText(servedGrams);
  const text =
    rationGrams === null
      ? say('unit.grams', { grams })
      : say('ration.of', { grams, ration: portionText(rationGrams) });
  return (
    <div class="ration">
      <p class="ration-line">
        <span>{pet.name}</span> <span class="ration-grams">{text}</span>
      </p>
      {rationGrams !== null && (
        <progress
          aria-label={say('ration.label', { pet: pet.name })}
          max={rationGrams}
          value={Math.min(servedGrams, rationGrams)}
        />
      )}
    </div>
  );
}

/** Every cat's day so far; nothing while no cat is known. */
export function CatsToday() {
  const all = pets.value.value ?? [];
  if (all.length === 0) return null;
  return (
    <section class="cats-today" aria-labelledby="cats-today-title">
      <h2 id="cats-today-title" class="eyebrow">
        {say('ration.title')}
      </h2>
      {all.map((pet) => (
        <RationBar key={pet.id} pet={pet} />
      ))}
    </section>
  );
}
