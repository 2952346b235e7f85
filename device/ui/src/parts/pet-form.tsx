import type { PetInput, PetView } from '@cat-feeder/shared';
import { useState } from 'preact/hooks';
import { api } from '../api-client.ts';
import { say, sayCode } from '../messages/say.ts';
import { Dialog } from './dialog.tsx';
import { RemoveButton } from './meal-form.tsx';
import { Field, NAME_UNITS_MAX, NOTE_UNITS_MAX, Problems, useSaving } from './save-form.tsx';

type LifeStage = NonNullable<PetInput['lifeStage']>;
const STAGES: readonly LifeStage[] = [
  'kitten',
  'neutered_adult',
  'intact_adult',
  'inactive',
  'weight_loss',
  'weight_gain',
];

interface PetDraft {
  readonly name: string;
  readonly bodyKg: string;
  readonly lifeStage: string;
  readonly rationGrams: string;
  readonly note: string;
}

function draftOf(pet: PetView | null): PetDraft {
  return {
    name: pet?.name ?? '',
    bodyKg: pet?.bodyKg?.toString() ?? '',
    lifeStage: pet?.lifeStage ?? '',
    rationGrams: pet?.rationGrams?.toString() ?? '',
    note: pet?.note ?? '',
  };
}

/** A number that was typed; nothing for an empty field, NaN for anything else. */
function typedNumber(text: string): number | null {
  return text.trim() === '' ? null : Number(text.trim().replace(',', '.'));
}

function bodyOf(draft: PetDraft): PetInput {
  return {
    name: draft.name,
    bodyKg: typedNumber(draft.bodyKg),
    lifeStage: STAGES.find((stage) => stage === draft.lifeStage) ?? null,
    rationGrams: typedNumber(draft.rationGrams),
    note: draft.note,
  };
}

interface PetFieldsProps {
  readonly draft: PetDraft;
  readonly change: (part: Partial<PetDraft>) => void;
}

function PetFields({ draft, change }: PetFieldsProps) {
  return (
    <>
      <Field id="pet-name" label={say('pet.name')}>
        <input
          id="pet-name"
          type="text"
          required
          maxLength={NAME_UNITS_MAX}
          autocomplete="off"
          value={draft.name}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      </Field>
      <div class="field-row">
        <Field id="pet-kg" label={say('pet.bodyKg')}>
          <input
            id="pet-kg"
            type="text"
            inputMode="decimal"
            autocomplete="off"
            value={draft.bodyKg}
            onInput={(event) => change({ bodyKg: event.currentTarget.value })}
          />
        </Field>
        <Field id="pet-stage" label={say('pet.lifeStage')}>
          <select
            id="pet-stage"
            value={draft.lifeStage}
            onChange={(event) => change({ lifeStage: event.currentTarget.value })}
          >
            <option value="">{say('pet.stageUnknown')}</option>
            {STAGES.map((stage) => (
              <option key={stage} value={stage}>
                {sayCode('lifeStage', stage)}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Field id="pet-ration" label={say('pet.ration')} note={say('pet.rationNote')}>
        <input
          id="pet-ration"
          type="text"
          inputMode="decimal"
          autocomplete="off"
          aria-describedby="pet-ration-note"
          value={draft.rationGrams}
          onInput={(event) => change({ rationGrams: event.currentTarget.value })}
        />
      </Field>
      <Field id="pet-note" label={say('pet.note')}>
        <input
          id="pet-note"
          type="text"
          maxLength={NOTE_UNITS_MAX}
          autocomplete="off"
          value={draft.note}
          onInput={(event) => change({ note: event.currentTarget.value })}
        />
      </Field>
    </>
  );
}

/** Adds or changes a cat. It closes only after the feeder has stored it. */
export function PetForm({ pet, onClose }: { pet: PetView | null; onClose: () => void }) {
  const [draft, setDraft] = useState(draftOf(pet));
  const saving = useSaving();
  const body = bodyOf(draft);
  const isReadable = !Number.isNaN(body.bodyKg) && !Number.isNaN(body.rationGrams);
  const save = () =>
    saving.run(
      () =>
        pet === null ? api.addPet(body) : api.changePet(pet.id, { ...body, expectedRev: pet.rev }),
      onClose,
    );
  return (
    <Dialog title={say(pet === null ? 'pet.addTitle' : 'pet.editTitle')} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <PetFields draft={draft} change={(part) => setDraft((now) => ({ ...now, ...part }))} />
        <Problems of={isReadable ? saving.problems : [say('portion.notANumber')]} />
        <div class="dialog-foot">
          {pet !== null && <RemoveButton onRemove={() => api.removePet(pet.id)} onDone={onClose} />}
          <button type="submit" class="primary" disabled={saving.isBusy || !isReadable}>
            {say(saving.isBusy ? 'action.saving' : 'action.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
