import { useEffect, useRef, useState } from "preact/hooks";
import { run } from "../acts";
import { go } from "../address";
import { signOut } from "../api";
import { settingsOpen } from "../choices";
import { useWords } from "../i18n";
import type { User } from "../model";
import { checks, notesOpen, shiftOpen } from "../shift";

/** Who sits here, and what is theirs: shift, settings, the wall, the way out. */
export function PersonMenu({ user, onSignedOut }: { user: User; onSignedOut: () => void }) {
  const w = useWords();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => void (box.current?.contains(event.target as Node) || setOpen(false));
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);

  const entries: [name: string, text: string, act: () => void][] = [["settings", w.settings, () => settingsOpen.set(true)]];
  if (checks(user)) entries.unshift(["shift", w.shiftCheck, () => shiftOpen.set(true)], ["notes", w.handOverNotes, () => notesOpen.set(true)]);
  if (user.role !== "court") entries.push(["wall", w.page.wall, openWall], ["stream-keys", w.keys.title, () => go("stream-keys")]);
  entries.push(["sign-out", w.signOut, () => void run("sign-out", w.signOut, signOut).then((done) => done && onSignedOut())]);

  return (
    <div ref={box} class="menu-box" onKeyDown={(event) => {
      if (event.key !== "Escape" || !open) return;
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    }}>
      <button type="button" class="pill person" aria-expanded={open} onClick={() => setOpen(!open)}>
        <bdi class="cut">{user.name || user.login}</bdi>
        {user.role === "viewer" && <span class="dim">{w.viewOnly}</span>}
        <span class="dim" aria-hidden="true">▾</span>
      </button>
      {open && (
        <ul class="menu">
          {entries.map(([name, text, act]) => (
            <li key={name}><button type="button" data-menu={name} onClick={() => { setOpen(false); act(); }}>{text}</button></li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Full screen where the browser allows it; a window that is made full otherwise is as good. */
function openWall(): void {
  go("wall");
  document.documentElement.requestFullscreen?.().catch(() => undefined);
}
