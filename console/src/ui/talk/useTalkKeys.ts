import { useEffect, useRef } from "preact/hooks";
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
  // What may be done changes while a key is held, and must not let go of it.
  const now = useRef({ may, keys, onKeptSilent });
  now.current = { may, keys, onKeptSilent };
  useEffect(() => {
    if (!talker) return undefined;
    let held = false;
    const release = (): void => {
      if (held) talker.stop();
      held = false;
    };
    function down(event: KeyboardEvent): void {
      if (event.code !== "Space" || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
      if (!held && (!now.current.may || !isFree(event.target))) return;
      event.preventDefault();
      if (held || event.repeat || talker?.talk.get().wish !== null) return;
      if (now.current.keys === "second" && !event.shiftKey) {
        now.current.onKeptSilent();
        return;
      }
      held = true;
      talker.start("push", now.current.keys !== "plain");
    }
    function up(event: KeyboardEvent): void {
      if (event.code !== "Space" || !held) return;
      event.preventDefault();
      release();
    }
    window.addEventListener("keydown", down, true);
    window.addEventListener("keyup", up, true);
    // A key that is let go in another window is never told.
    window.addEventListener("blur", release);
    document.addEventListener("visibilitychange", release);
    return () => {
      release();
      window.removeEventListener("keydown", down, true);
      window.removeEventListener("keyup", up, true);
      window.removeEventListener("blur", release);
      document.removeEventListener("visibilitychange", release);
    };
  }, [talker]);
}

function isFree(target: EventTarget | null): boolean {
  if (isTyping(target) || document.querySelector("dialog[open]")) return false;
  if (!(target instanceof Element) || target === document.body) return true;
  if (target.closest(OWN)) return false;
  const pressable = target.closest(PRESSABLE);
  return pressable === null || pressable === clicked;
}
