import { dismiss, outcomes } from "../acts";
import { useWords } from "../i18n";
import { useStore } from "../stores";

/** What came of the last acts, in words. Failures stay until they are dismissed. */
export function Outcomes() {
  const w = useWords();
  const shown = useStore(outcomes);
  return (
    <div class="outcomes" role="log" aria-live="assertive">
      {shown.map((outcome) => (
        <div key={outcome.id} class={outcome.ok ? "outcome done" : "outcome failed"} data-outcome={outcome.ok ? "done" : "failed"}>
          <span aria-hidden="true">{outcome.ok ? "✓" : "✕"}</span>
          <p><bdi>{outcome.text}</bdi></p>
          {!outcome.ok && <button type="button" class="pill" onClick={() => dismiss(outcome.id)}>{w.dismiss}</button>}
        </div>
      ))}
    </div>
  );
}
