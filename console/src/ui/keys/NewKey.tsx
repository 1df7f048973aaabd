import { useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { type MadeStreamKey, makeStreamKey } from "../../api";
import { found } from "../../desk/search";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { officerOf } from "../../model";
import { useStore } from "../../stores";

/** As `gateway/api/requests.py` has them. */
const NOTE_MOST = 64;
const DAYS_MOST = 366;
const DAYS_UNSET = "30";
const OFFERED_MOST = 20;

/** A new key: for what, how long, for which unit. */
export function NewKey({ lost, onMade }: { lost: boolean; onMade: (made: MadeStreamKey) => void }) {
  const w = useWords();
  const now = useStore(picture);
  const [note, setNote] = useState("");
  const [days, setDays] = useState(DAYS_UNSET);
  const [unitId, setUnitId] = useState("");
  const busy = useStore(pending).has("stream-key");
  const lasts = /^\d{1,3}$/.test(days) ? Number(days) : 0;
  const unit = unitId.trim();
  const complete = note.trim() !== "" && lasts >= 1 && lasts <= DAYS_MOST && (unit === "" || now.units.has(unit));
  const offered = unit === "" ? [] : found(now, { search: unit, filter: "all", area: null }).slice(0, OFFERED_MOST);

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (!complete) return;
    let made: MadeStreamKey | null = null;
    if (await run("stream-key", w.keys.makeAct, async () => (made = await makeStreamKey({ note: note.trim(), days: lasts, unit_id: unit || null }))) && made) {
      onMade(made);
      setNote("");
      setUnitId("");
    }
  }

  return (
    <form class="new-key" onSubmit={submit} data-form="stream-key" aria-label={w.keys.make}>
      <label class="filter filter-wide"><span>{w.keys.purpose}</span>
        <input name="key-note" required value={note} maxLength={NOTE_MOST} placeholder={w.keys.purposeHint} onInput={(event) => setNote(event.currentTarget.value)} /></label>
      <label class="filter"><span>{w.keys.days}</span>
        <input name="key-days" type="number" required min={1} max={DAYS_MOST} value={days} onInput={(event) => setDays(event.currentTarget.value)} /></label>
      <label class="filter filter-wide"><span>{w.keys.unit}</span>
        <input name="key-unit" value={unitId} list="key-units" maxLength={32} spellcheck={false} placeholder={w.keys.unitHint} aria-invalid={unit !== "" && !now.units.has(unit)} onInput={(event) => setUnitId(event.currentTarget.value)} /></label>
      <datalist id="key-units">{offered.map((one) => <option key={one.unit.unit_id} value={one.unit.unit_id}>{officerOf(one.unit)}</option>)}</datalist>
      <button type="submit" class="button primary" disabled={lost || busy || !complete} data-key-act="make">{busy ? w.pending : w.keys.makeAct}</button>
    </form>
  );
}
