import type { ComponentChildren } from "preact";

interface Props {
  name: string;
  title: string;
  /** Null until the person has said it. */
  answer: boolean | null;
  onAnswer: (answer: boolean) => void;
  /** There was something to hear or to see. */
  askable: boolean;
  yes: string;
  no: string;
  /** What to do when it was not heard or seen. */
  advice: ComponentChildren;
  children: ComponentChildren;
}

/** One thing that a person tries and then answers for. */
export function Step({ name, title, answer, onAnswer, askable, yes, no, advice, children }: Props) {
  return (
    <li class="step" data-step={name} data-done={answer === true}>
      <h3>{title}</h3>
      <div class="step-line">
        <div class="step-try">{children}</div>
        <button type="button" class="button" disabled={!askable} aria-pressed={answer === true} data-answer="yes" onClick={() => onAnswer(true)}>
          {answer === true && <span aria-hidden="true">✓ </span>}{yes}
        </button>
        <button type="button" class="button" disabled={!askable} aria-pressed={answer === false} data-answer="no" onClick={() => onAnswer(false)}>
          {answer === false && <span aria-hidden="true">✕ </span>}{no}
        </button>
      </div>
      {answer === false && <p class="amber" role="alert"><span aria-hidden="true">◆ </span>{advice}</p>}
    </li>
  );
}
