import { useId, useState } from 'preact/hooks';
import { say } from '../messages/say.ts';

interface Why {
  /** The button that opens and closes the sentence; `of` says for readers what it belongs to. */
  readonly button: preact.JSX.Element;
  readonly sentence: preact.JSX.Element;
}

/** The feeder's own sentence about a decision, behind a small button. */
export function useWhy(why: string, of: string): Why {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  return {
    button: (
      <button
        type="button"
        class="why"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {say('why.open')}
        <span class="visually-hidden"> {of}</span>
      </button>
    ),
    sentence: (
      <p id={id} class="why-text" hidden={!isOpen}>
        {why}
      </p>
    ),
  };
}
