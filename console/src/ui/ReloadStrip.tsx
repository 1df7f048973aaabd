import { useEffect } from "preact/hooks";
import { useWords } from "../i18n";
import { outdated } from "../live/upgrade";
import { useStore } from "../stores";
import { Shape } from "./Shapes";
import { isTyping } from "./useKeys";

/**
 * The gateway was upgraded: asks for a reload at a quiet moment. `quiet`: no alarm waits and the gateway is heard.
 * `alone`: nobody is there to press it (the wall), so at a quiet moment it happens by itself.
 */
export function ReloadStrip({ quiet, alone = false }: { quiet: boolean; alone?: boolean }) {
  const w = useWords();
  const older = useStore(outdated);
  const now = older && quiet && !isWriting();
  useEffect(() => {
    if (now && alone) location.reload();
  }, [now, alone]);
  if (!now || alone) return null;
  return (
    <div class="strip strip-calm" role="status" data-strip="reload">
      <Shape kind="online" />
      <span>{w.reloadAsk}</span>
      <span class="dim">{w.reloadNote}</span>
      <button type="button" class="button small" onClick={() => location.reload()}>{w.reloadNow}</button>
    </div>
  );
}

/** In a field, or with words in a form that a reload would lose, or in a sheet. */
function isWriting(): boolean {
  if (isTyping(document.activeElement) || document.querySelector("dialog[open]")) return true;
  return [...document.querySelectorAll<HTMLInputElement>("form :is(textarea, input[type=text], input:not([type]))")].some((field) => field.value !== "");
}
