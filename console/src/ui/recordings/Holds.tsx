import { useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { keepRecording } from "../../api";
import { dateClock } from "../../format";
import { useWords } from "../../i18n";
import type { User } from "../../model";
import { type Hold, nameOf, type RecordingDetail } from "../../recording";
import { useStore } from "../../stores";

interface Props {
  detail: RecordingDetail;
  user: User;
  lost: boolean;
  onDone: (detail: RecordingDetail) => void;
}

/** Who keeps the recording from being deleted, and why. A dispatcher may hold it, only an administrator let go. */
export function Holds({ detail, user, lost, onDone }: Props) {
  const w = useWords();
  const [form, setForm] = useState<"hold" | "release" | null>(null);
  const may = { hold: (user.role === "admin" || user.role === "dispatcher") && detail.deleted_ms === null, release: user.role === "admin" && detail.held };
  return (
    <section aria-labelledby="holds-title" data-held={detail.held}>
      <h3 id="holds-title">{w.rec.hold} {detail.held && <em class="badge">{w.rec.held}</em>}</h3>
      {detail.holds.length === 0 ? <p class="empty">{w.rec.noHolds}</p> : <ol class="holds">{detail.holds.map((one, i) => <One key={i} one={one} />)}</ol>}
      {form === null && (may.hold || may.release) && (
        <div class="acts">
          {may.hold && <button type="button" class="button small" disabled={lost} data-act="hold" onClick={() => setForm("hold")}>{w.rec.hold}…</button>}
          {may.release && <button type="button" class="button small" disabled={lost} data-act="release" onClick={() => setForm("release")}>{w.rec.release}…</button>}
        </div>
      )}
      {form !== null && may[form] && <ReasonForm key={form} verb={form} detail={detail} lost={lost} onDone={onDone} onEnd={() => setForm(null)} />}
    </section>
  );
}

function One({ one }: { one: Hold }) {
  const w = useWords();
  return (
    <li class={one.released_ms === null ? undefined : "dim"}>
      <p><bdi>{one.reason}</bdi></p>
      <p class="dim number"><bdi>{w.rec.heldSince(one.placed_by, dateClock(one.placed_ms))}</bdi></p>
      {one.released_ms !== null && <p class="dim number"><bdi>{w.rec.releasedBy(one.released_by ?? "", dateClock(one.released_ms))}</bdi>{w.comma}<bdi>{one.release_reason}</bdi></p>}
    </li>
  );
}

function ReasonForm({ verb, detail, lost, onDone, onEnd }: { verb: "hold" | "release"; detail: RecordingDetail; lost: boolean; onDone: Props["onDone"]; onEnd: () => void }) {
  const w = useWords();
  const [reason, setReason] = useState("");
  const key = `${verb}/${nameOf(detail)}`;
  const busy = useStore(pending).has(key);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (await run(key, w.rec[verb], async () => onDone(await keepRecording(detail, verb, reason.trim())))) onEnd();
  }

  return (
    <form class="close-form" onSubmit={submit} data-form={verb}
      onKeyDown={(event) => { if (event.key === "Escape") { event.stopPropagation(); onEnd(); } }}>
      <label>
        <span>{verb === "hold" ? w.rec.holdReason : w.rec.releaseReason}</span>
        <textarea rows={2} maxLength={400} required autoFocus value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      {verb === "hold" && <p class="dim">{w.rec.holdNote}</p>}
      <div class="acts">
        <button type="submit" class="button primary" disabled={lost || busy || !reason.trim()}>{busy ? w.pending : w.rec[verb]}</button>
        <button type="button" class="button" onClick={onEnd}>{w.cancel}</button>
      </div>
    </form>
  );
}
