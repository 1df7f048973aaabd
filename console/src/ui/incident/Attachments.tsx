import { useEffect, useRef, useState } from "preact/hooks";
import { BASE, incidentNow, Refused } from "../../api";
import { clock, dateClock, fileSize } from "../../format";
import { type Dictionary, useWords, words } from "../../i18n";
import { learn } from "../../live/picture";
import type { Attachment, Incident } from "../../model";
import { ATTACHMENT_ACCEPT, ATTACHMENT_MAX_BYTES, ATTACHMENTS_MAX, mediaTypeOf, upload } from "../../upload";
import type { Hand } from "./IncidentPanel";

/** A file on its way, or why it did not get there. */
interface Sending {
  id: number;
  name: string;
  part: number;
  failed: string | null;
  stop: (() => void) | null;
}

let lastId = 0;

/** Files of an incident: stored under their hash, never changed. */
export function Attachments({ incident, hand, open }: { incident: Incident; hand: Hand; open: boolean }) {
  const w = useWords();
  const stored = incident.attachments ?? [];
  const { sending, add, dismiss } = useSending(incident);
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const may = hand.dispatcher && !hand.lost;

  useEffect(() => {
    if (!may) return;
    function onPaste(event: ClipboardEvent): void {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0) return;
      event.preventDefault();
      add(files);
    }
    addEventListener("paste", onPaste);
    return () => removeEventListener("paste", onPaste);
  }, [may, incident]);

  return (
    <section class="attachments" aria-labelledby="attachments-title">
      <h3 id="attachments-title">{w.attachments} <small class="number">{w.attachmentCount(stored.length, ATTACHMENTS_MAX)}</small></h3>
      {hand.dispatcher && (
        <div class={`drop ${over ? "drop-over" : ""}`} data-drop
          onDragOver={(event) => { event.preventDefault(); setOver(true); }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            if (may) add([...(event.dataTransfer?.files ?? [])]);
          }}>
          <input ref={chooser} type="file" multiple hidden accept={ATTACHMENT_ACCEPT} tabIndex={-1} aria-label={w.attach}
            onChange={(event) => {
              add([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }} />
          <button type="button" class="button small" disabled={!may || stored.length >= ATTACHMENTS_MAX} aria-describedby="attach-limits"
            onClick={() => chooser.current?.click()}>
            {w.attach}…
          </button>
          <span>{over ? w.dropHere : w.attachHint}</span>
          <small id="attach-limits" class="dim">{w.attachLimits}</small>
        </div>
      )}
      {!open && <p class="dim">{w.attachClosed}</p>}
      <div role="status" aria-live="polite">
        {sending.map((one) => (
          <div key={one.id} class={`sending ${one.failed === null ? "" : "amber"}`} data-sending={one.failed === null ? "on" : "failed"}>
            {one.failed !== null && <span aria-hidden="true">◆ </span>}
            <bdi class="cut">{one.name}</bdi>
            {one.failed === null
              ? <progress max={1} value={one.part} aria-label={one.name}>{Math.round(one.part * 100)}%</progress>
              : <span>{one.failed}</span>}
            <button type="button" class="pill" onClick={() => (one.stop ? one.stop() : dismiss(one.id))}>{one.stop ? w.attachStop : w.dismiss}</button>
          </div>
        ))}
      </div>
      {stored.length === 0 ? <p class="empty">{w.attachNone}</p> : <List stored={stored} incidentId={incident.incident_id} />}
    </section>
  );
}

function List({ stored, incidentId }: { stored: Attachment[]; incidentId: string }) {
  const w = useWords();
  return (
    <table class="facts-table" aria-labelledby="attachments-title">
      <thead>
        <tr><th scope="col">{w.fileName}</th><th scope="col">{w.fileSize}</th><th scope="col">{w.fileBy}</th><th scope="col">{w.sha256}</th></tr>
      </thead>
      <tbody>
        {stored.map((one) => (
          <tr key={one.attachment_id} data-attachment={one.attachment_id}>
            <td>
              <a class="link" download={one.name} title={w.download}
                href={`${BASE}/incidents/${encodeURIComponent(incidentId)}/attachments/${encodeURIComponent(String(one.attachment_id))}`}>
                <bdi class="cut">{one.name}</bdi>
              </a>
            </td>
            <td class="number">{fileSize(one.size_bytes)}</td>
            <td><bdi class="cut">{one.by}</bdi> <time class="dim number" title={dateClock(one.at_ms)}>{clock(one.at_ms)}</time></td>
            <td><code class="hash" title={one.sha256}>{one.sha256}</code></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** One after another, so that each gets the whole of a thin line. */
function useSending(incident: Incident): { sending: Sending[]; add: (files: File[]) => void; dismiss: (id: number) => void } {
  const [sending, setSending] = useState<Sending[]>([]);
  const line = useRef(Promise.resolve());
  const stored = useRef(0);
  stored.current = incident.attachments?.length ?? 0;
  const change = (id: number, to: Partial<Sending>): void => setSending((old) => old.map((one) => (one.id === id ? { ...one, ...to } : one)));
  const dismiss = (id: number): void => setSending((old) => old.filter((one) => one.id !== id));

  function add(files: File[]): void {
    for (const file of files) {
      lastId += 1;
      const id = lastId;
      const why = whyNot(file, stored.current + sending.filter((one) => one.failed === null).length, words());
      setSending((old) => [...old, { id, name: file.name, part: 0, failed: why, stop: null }]);
      if (why === null) line.current = line.current.then(() => send(id, file));
    }
  }

  async function send(id: number, file: File): Promise<void> {
    const going = upload(incident.incident_id, file, mediaTypeOf(file) ?? "", (part) => change(id, { part }));
    change(id, { stop: going.stop });
    try {
      await going.done;
      await incidentNow(incident.incident_id).then(learn, () => undefined);
      dismiss(id);
    } catch (error) {
      change(id, { failed: saidOf(error), stop: null });
    }
  }

  return { sending, add, dismiss };
}

function whyNot(file: File, there: number, w: Dictionary): string | null {
  if (mediaTypeOf(file) === null) return w.attachWrongType;
  if (file.size === 0) return w.attachEmpty;
  if (file.size > ATTACHMENT_MAX_BYTES) return w.attachTooLarge(fileSize(file.size));
  return there >= ATTACHMENTS_MAX ? w.attachTooMany : null;
}

function saidOf(error: unknown): string {
  const w = words();
  if (!(error instanceof Refused)) return String(error);
  if (error.status === 0) return error.detail === "stopped" ? w.attachStopped : w.noAnswer;
  return `${error.detail} (${error.status})`;
}
