import type { ComponentChildren } from "preact";
import { act, actKey, pending } from "../../acts";
import type { ActBody, Verb } from "../../api";
import { useWords } from "../../i18n";
import type { Incident } from "../../model";
import { useStore } from "../../stores";

interface Props {
  incident: Incident;
  verb: Verb;
  /** The act's name, on the button and in what is said of its outcome. */
  name: string;
  lost: boolean;
  body?: ActBody;
  look?: string;
  label?: string;
  /** What the key's handler and the tests find it by, where two buttons do the same act. */
  known?: string;
  children?: ComponentChildren;
  onDone?: () => void;
}

/** A button that does one act: disabled while it is under way and while the picture is lost. */
export function ActButton({ incident, verb, name, lost, body = {}, look = "", label, known = verb, children, onDone }: Props) {
  const w = useWords();
  const busy = useStore(pending).has(actKey(incident.incident_id, verb, body.court_id));
  return (
    <button type="button" class={`button ${look}`} disabled={lost || busy} data-act={known} aria-label={label}
      onClick={() => void act(incident, verb, name, body).then((done) => done && onDone?.())}>
      {busy ? w.pending : name}{children}
    </button>
  );
}
