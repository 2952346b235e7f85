import { say } from '../messages/say.ts';
import { type PortionBounds, readPortion, stepPortion } from '../portion-entry.ts';

interface StepperProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly bounds: PortionBounds;
  readonly disabled?: boolean;
  /** For a place whose heading says it already. */
  readonly isLabelHidden?: boolean;
  readonly onChange: (value: string) => void;
}

/** The sentence about a portion that cannot be asked for, or nothing. */
export function portionProblem(value: string, bounds: PortionBounds): string | null {
  const entry = readPortion(value, bounds);
  if (entry.kind === 'ok') return null;
  if (entry.kind === 'not-a-number') return say('portion.notANumber');
  if (entry.kind === 'too-small') return say('portion.tooSmall', { grams: entry.limitGrams });
  return say('portion.tooBig', { grams: entry.limitGrams });
}

/** Grams to be typed, or stepped by one. */
export function GramsStepper(props: StepperProps) {
  const { id, label, value, bounds, disabled = false, onChange } = props;
  const problem = portionProblem(value, bounds);
  return (
    <div class="field">
      <label for={id} class={props.isLabelHidden === true ? 'visually-hidden' : ''}>
        {label}
      </label>
      <div class="stepper">
        <button
          type="button"
          aria-label={say('portion.less')}
          disabled={disabled}
          onClick={() => onChange(stepPortion(value, -1, bounds))}
        >
          <span aria-hidden="true">−</span>
        </button>
        <div class="stepper-value">
          <input
            id={id}
            type="text"
            inputMode="decimal"
            autocomplete="off"
            value={value}
            disabled={disabled}
            aria-invalid={problem !== null}
            aria-describedby={`${id}-problem`}
            onInput={(event) => onChange(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
              event.preventDefault();
              onChange(stepPortion(value, event.key === 'ArrowUp' ? 1 : -1, bounds));
            }}
          />
          <span class="unit" aria-hidden="true">
            {say('unit.g')}
          </span>
        </div>
        <button
          type="button"
          aria-label={say('portion.more')}
          disabled={disabled}
          onClick={() => onChange(stepPortion(value, 1, bounds))}
        >
          <span aria-hidden="true">+</span>
        </button>
      </div>
      <p id={`${id}-problem`} class="field-error" aria-live="polite">
        {problem}
      </p>
    </div>
  );
}
