import { useWords } from "../i18n";
import type { User } from "../model";
import { checks, checkState, shift, shiftOpen } from "../shift";
import { useStore } from "../stores";
import { Shape } from "./Shapes";

/** Stays in sight until this shift's check is done. */
export function ShiftPill({ user }: { user: User }) {
  const w = useWords();
  const state = checkState(useStore(shift));
  if (!checks(user) || (state !== "due" && state !== "failed")) return null;
  return (
    <button type="button" class="pill amber-line" data-shift-check={state} onClick={() => shiftOpen.set(true)}>
      <Shape kind="degraded" />{state === "due" ? w.shiftDue : w.shiftFailed}
    </button>
  );
}
