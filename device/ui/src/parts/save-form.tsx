import { NAME_LENGTH_MAX, NOTE_LENGTH_MAX } from '@cat-feeder/shared/limits';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '../api-client.ts';
import { say } from '../messages/say.ts';

/** A browser counts units of UTF-16, the feeder characters: nothing is cut that the feeder takes. */
export const NAME_UNITS_MAX = 2 * NAME_LENGTH_MAX;
export const NOTE_UNITS_MAX = 2 * NOTE_LENGTH_MAX;

/** What the feeder said against a change, for people: one sentence for each field. */
export function problemsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (!(error instanceof ApiError)) return [say('save.noAnswer')];
  if (error.details.length === 0) return [error.message, error.hint];
  return error.details.map((detail) =>
    detail.path === '' ? detail.message : `${detail.path}: ${detail.message}`,
  );
}

interface Saving {
  readonly isBusy: boolean;
  readonly problems: readonly string[];
  /** Runs a change; `done` is called only after the feeder has acknowledged it. */
  run(change: () => Promise<unknown>, done?: () => void): void;
}

/** The state of a change that is on its way to the feeder. */
export function useSaving(): Saving {
  const [isBusy, setBusy] = useState(false);
  const [problems, setProblems] = useState<readonly string[]>([]);
  return {
    isBusy,
    problems,
    run: (change, done) => {
      setBusy(true);
      setProblems([]);
      change()
        .then(
          () => done?.(),
          (error: unknown) => setProblems(problemsOf(error)),
        )
        .finally(() => setBusy(false));
    },
  };
}

/** What was said against a change, read out when it appears. */
export function Problems({ of }: { of: readonly string[] }) {
  return (
    <div role="alert">
      {of.map((problem) => (
        <p key={problem} class="field-error">
          {problem}
        </p>
      ))}
    </div>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly note?: string;
  readonly children: ComponentChildren;
}

/** A labelled field with an optional remark. */
export function Field({ id, label, note, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {note !== undefined && (
        <p id={`${id}-note`} class="soft field-note">
          {note}
        </p>
      )}
    </div>
  );
}
