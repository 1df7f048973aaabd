import { useEffect, useRef } from "preact/hooks";
import { hold, isHeld } from "../../talk/hold";
import type { Talker } from "../../talk/talker";
import { isTyping } from "../useKeys";

/** Where Space has a meaning of its own. */
const OWN = "dialog[open], [contenteditable], summary, [role=slider], [role=listbox], [data-player]";

const PRESSABLE = "button, a, [tabindex]";

/** What a mouse or finger has brought the focus to. A browser says `:focus-visible` of it as soon as any key is pressed. */
let clicked: Element | null = null;
addEventListener("pointerdown", ({ target }) => (clicked = target instanceof Element ? target.closest(PRESSABLE) : null), true);
addEventListener("keydown", ({ key }) => {
  if (key === "Tab" || key.startsWith("Arrow")) clicked = null;
}, true);

/** What Space alone does: speak; speak aloud, which was allowed before; or nothing without the second key, which is Shift. */
export type Keys = "plain" | "armed" | "second";

/**
 * Space, held, while nobody writes and no key has brought the focus to a button: one that was clicked keeps the focus, and
 * Space must not click it again.
 */
export function useTalkKeys(talker: Talker | null, may: boolean, keys: Keys, onKeptSilent: () => void): void {
  // What may be done changes while a key is held.
  const now = useRef({ may, keys, onKeptSilent });
  now.current = { may, keys, onKeptSilent };
  useEffect(() => {
    if (!talker) return undefined;
    function down(event: KeyboardEvent): void {
      if (event.code !== "Space" || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
      const held = isHeld(talker);
      if (!held && (!now.current.may || !isFree(event.target))) return;
      event.preventDefault();
      if (held || event.repeat || talker?.talk.get().wish !== null) return;
      if (now.current.keys === "second" && !event.shiftKey) {
        now.current.onKeptSilent();
        return;
      }
      hold(talker, now.current.keys !== "plain", { key: "Space" });
    }
    window.addEventListener("keydown", down, true);
    return () => window.removeEventListener("keydown", down, true);
  }, [talker]);
}

function isFree(target: EventTarget | null): boolean {
  if (isTyping(target) || document.querySelector("dialog[open]")) return false;
  if (!(target instanceof Element) || target === document.body) return true;
  if (target.closest(OWN)) return false;
  const pressable = target.closest(PRESSABLE);
  return pressable === null || pressable === clicked;
}
