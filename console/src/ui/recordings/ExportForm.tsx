import { useState } from "preact/hooks";
import { BASE } from "../../api";
import { language, useWords } from "../../i18n";
import { useStore } from "../../stores";

/** A button that asks what for, and then gives the file. `path`: of the recording or of the incident. */
export function ExportForm({ path, name }: { path: string; name: string }) {
  const w = useWords();
  const lang = useStore(language);
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [copies, setCopies] = useState(true);
  const query = new URLSearchParams({ lang, copies: String(copies), ...(reason.trim() ? { reason: reason.trim() } : {}) });
  return (
    <div class="export" onKeyDown={(event) => { if (event.key === "Escape" && open) { event.stopPropagation(); setOpen(false); } }}>
      <button type="button" class="button small" aria-expanded={open} data-act="export" title={w.rec.exportNote} onClick={() => setOpen(!open)}>{name}…</button>
      {open && (
        <form class="export-form" data-form="export" onSubmit={(event) => event.preventDefault()}>
          <label>
            <span>{w.rec.exportReason}</span>
            <input type="text" maxLength={500} value={reason} autoFocus onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
          <label class="check"><input type="checkbox" checked={copies} onChange={(event) => setCopies(event.currentTarget.checked)} />{w.rec.exportCopies}</label>
          <p class="dim">{w.rec.exportNote}</p>
          <div class="acts">
            <a class="button primary" href={`${BASE}${path}/export?${query}`} download data-export onClick={() => setTimeout(() => setOpen(false))}>{w.rec.exportNow}</a>
            <button type="button" class="button" onClick={() => setOpen(false)}>{w.cancel}</button>
          </div>
        </form>
      )}
    </div>
  );
}
