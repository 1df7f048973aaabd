import { useLayoutEffect } from "preact/hooks";
import { address, go, type Page } from "../address";
import { settingsOpen, shortKeys } from "../choices";
import type { Incident, User } from "../model";
import { helpOpen, selectIncident, selection } from "../selection";
import { acknowledge, openOnDesk } from "./urgent";

interface Hands {
  user: User;
  lost: boolean;
  /** Open incidents, the most urgent first. */
  line: Incident[];
  /** The most urgent one that waits for this person. */
  first: Incident | null;
  settled: () => boolean;
}

/** Alt+Shift and a digit: no browser, no input method and no text field uses it. */
const PAGE_OF: Record<string, Page> = { Digit1: "desk", Digit2: "incidents", Digit3: "units", Digit4: "wall", Digit5: "recordings", Digit6: "live" };
/** Of the live picture. */
const LIVE_ACT: Record<string, string> = { F6: "full", F7: "listen", F10: "still" };
/** A choice that is younger than this may not be the one that the hand meant. */
const CHOSEN_SETTLES_MS = 600;
let chosenAtMs = -Infinity;
selection.subscribe(() => (chosenAtMs = performance.now()));

/** The keys of the page; the help sheet lists them. None that types a character acts on an incident. */
export function useKeys({ user, lost, line, first, settled }: Hands): void {
  // Before the browser paints: a key must never meet an alarm that is not the one in sight.
  useLayoutEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.isComposing || event.repeat && event.key.startsWith("F")) return;
      const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
      const page = event.altKey && event.shiftKey ? PAGE_OF[event.code] : undefined;
      const wall = address.get().page === "wall";
      if (page && user.role !== "court") {
        event.preventDefault();
        go(page);
      } else if (wall) {
        // The wall acts on nothing.
        if (event.key === "Escape") go("desk");
      } else if (event.key === "F2" && plain) {
        event.preventDefault();
        if (!first || user.role === "viewer" || lost || !settled()) return;
        if (user.role === "court") openOnDesk(first);
        else acknowledge(first);
      } else if (event.key === "F4" && plain) {
        event.preventDefault();
        if (performance.now() - chosenAtMs > CHOSEN_SETTLES_MS) press("[data-act=offer]");
      } else if (event.key === "F8" && plain) {
        event.preventDefault();
        document.querySelector<HTMLElement>(".panel [data-form=note] :is(input, textarea)")?.focus();
      } else if (event.key === "F9" && plain) {
        event.preventDefault();
        press("[data-act=open-close]");
      } else if (plain && Object.hasOwn(LIVE_ACT, event.key)) {
        event.preventDefault();
        pressLive(LIVE_ACT[event.key] ?? "");
      } else if (event.altKey && !event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        if (event.target instanceof HTMLSelectElement || line.length === 0) return;
        event.preventDefault();
        move(line, event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Escape") {
        if (document.querySelector("dialog[open]")) return; // The dialog closes itself.
        if (isTyping(event.target)) (event.target as HTMLElement).blur();
        else selection.set(null);
      } else if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || shortKeys.get() === "off") {
        return;
      } else if (event.key === "/") {
        event.preventDefault();
        document.getElementById("unit-search")?.focus();
      } else if (event.key === "?" && !settingsOpen.get()) {
        helpOpen.update((open) => !open);
      }
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

/** The first such button of the incident that is open: disabled, as it is until its act is answered, it does nothing,
 *  and a key that is pressed twice reaches none behind it. */
function press(which: string): void {
  if (document.querySelector("dialog[open]")) return;
  document.querySelector<HTMLButtonElement>(`.panel ${which}`)?.click();
}

/** Of the live picture that holds the focus or is heard, else the first on the page. */
function pressLive(act: string): void {
  if (document.querySelector("dialog[open]")) return;
  const heard = document.querySelector("[data-listen=heard], [data-listen=silent], [data-listen=off]");
  const view = (document.activeElement?.closest("[data-live-view]") ?? heard?.closest("[data-live-view]") ?? document.querySelector("[data-live-view]"));
  view?.querySelector<HTMLButtonElement>(`[data-live-act=${act}]:enabled`)?.click();
}

function move(line: Incident[], by: number): void {
  const at = line.findIndex((incident) => incident.incident_id === selection.get()?.id);
  const next = line[at < 0 ? 0 : Math.max(0, Math.min(line.length - 1, at + by))];
  if (!next) return;
  if (address.get().page !== "desk") openOnDesk(next);
  selectIncident(next.incident_id);
  document.getElementById(`queue-${next.incident_id}`)?.scrollIntoView({ block: "nearest" });
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
