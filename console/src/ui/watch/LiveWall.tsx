import "../../style/live.css";
import "../../style/pages.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { address, setQuery } from "../../address";
import { shortKeys } from "../../choices";
import { found } from "../../desk/search";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, mayDirect, officerOf, type User } from "../../model";
import { useStore } from "../../stores";
import { Shape } from "../Shapes";
import TalkPanel from "../talk/TalkPanel";
import { isTyping } from "../useKeys";
import { openOnDesk } from "../urgent";
import LiveView from "./LiveView";
import { type Profile, ProfileChoice } from "./LiveBar";
import { ARRANGEMENTS, arrangementOf, CHOSEN_MOST, type Place, seated, unitsOf, unitsOn } from "./wallUnits";

const OFFERED_MOST = 8;

/** Several units live, those with an alarm by themselves; one of them is heard. The address keeps what was chosen. */
export default function LiveWall({ user, line, lost }: { user: User; line: Incident[]; lost: boolean }) {
  const w = useWords();
  const now = useStore(picture);
  const { query } = useStore(address);
  const chosen = unitsOf(query.get("units") ?? "");
  const units = unitsOn(now, line, chosen);
  const show = arrangementOf(query.get("show") ?? "", units.length);
  const order = useRef<(string | null)[]>([]);
  const seats = seated(order.current, units, show);
  order.current = seats.map((place) => place?.unitId ?? null);
  const [profile, setProfile] = useState<Profile>("auto");
  // One talk at a time: Space must have one meaning.
  const [talkTo, setTalkTo] = useState<string | null>(null);
  const hidden = seats.length - show;
  const choose = (units: readonly string[]): void => setQuery({ units: units.join(",") });
  useDigits();
  return (
    <main class="page" data-page="live">
      <header class="page-head live-head">
        <h2>{w.watch.wallTitle}</h2>
        <div class="segmented" role="group" aria-label={w.watch.arrangement}>
          {ARRANGEMENTS.map((one) => (
            <button key={one} type="button" class="button small" aria-pressed={one === show} data-show={one} onClick={() => setQuery({ show: String(one) })}>{one}</button>
          ))}
        </div>
        <AddUnit chosen={chosen} onAdd={(unitId) => choose([...chosen, unitId])} />
        <ProfileChoice profile={profile} onProfile={setProfile} />
        <span class="page-hint dim number">{hidden > 0 ? <b class="amber">◆ {w.watch.more(hidden)}</b> : w.watch.wallNote}</span>
      </header>
      {units.length === 0
        ? <div class="live-empty"><p>{w.watch.emptyWall}</p></div>
        : (
          <div class={`live-grid live-grid-${show}`}>
            {seats.slice(0, show).map((place, i) => place
              ? <Tile key={place.unitId} place={place} number={i + 1} user={user} lost={lost} profile={profile} talks={place.unitId === talkTo} onTalk={(talks) => setTalkTo(talks ? place.unitId : null)} onRemove={() => choose(chosen.filter((one) => one !== place.unitId))} />
              : <div key={`empty-${i}`} class="live-place" aria-hidden="true">{w.watch.empty}</div>)}
          </div>
        )}
    </main>
  );
}

interface TileProps {
  place: Place;
  number: number;
  user: User;
  lost: boolean;
  profile: Profile;
  /** Its talk is open. */
  talks: boolean;
  onTalk: (talks: boolean) => void;
  onRemove: () => void;
}

function Tile({ place, number, user, lost, profile, talks, onTalk, onRemove }: TileProps) {
  const w = useWords();
  const { incident } = place;
  const may = mayDirect(user);
  return (
    <LiveView unitId={place.unitId} name={place.name} incident={incident} may={may} lost={lost} compact profile={profile}>
      <div class="live-tile-acts">
        <span class="live-number number" title={w.watch.place(number)}>{number}</span>
        {may && <button type="button" class={`pill ${talks ? "pill-on" : ""}`} aria-pressed={talks} data-talk-act="open" title={w.talk.note} onClick={() => onTalk(!talks)}>{w.talk.open}</button>}
        {incident && <button type="button" class="pill live-alarm" title={w.showOnDesk} onClick={() => openOnDesk(incident)}><Shape kind="alarm" />{incident.centre.acknowledged_ms === null ? w.unacknowledged : w.watch.alarmed}</button>}
        {place.chosen && !incident && <button type="button" class="pill watch-remove" aria-label={w.watch.remove(place.name)} title={w.watch.remove(place.name)} data-live-act="remove" onClick={onRemove}><span aria-hidden="true">×</span></button>}
      </div>
      {talks && <div class="live-talk"><TalkPanel unitId={place.unitId} user={user} lost={lost} /></div>}
    </LiveView>
  );
}

/** Units that are online are offered as one types; Enter takes the first. */
function AddUnit({ chosen, onAdd }: { chosen: readonly string[]; onAdd: (unitId: string) => void }) {
  const w = useWords();
  const now = useStore(picture);
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const full = chosen.length >= CHOSEN_MOST;
  const offered = open ? found(now, { search: text, filter: "online", area: null }).map((one) => one.unit).filter((unit) => !chosen.includes(unit.unit_id)).slice(0, OFFERED_MOST) : [];
  const add = (unitId: string): void => {
    onAdd(unitId);
    setText("");
    setOpen(false);
  };
  return (
    <div ref={box} class="live-add" onFocusOut={(event) => !box.current?.contains(event.relatedTarget as Node | null) && setOpen(false)}
      onKeyDown={(event) => { if (event.key === "Escape" && open) { event.stopPropagation(); setOpen(false); } }}>
      <input type="search" value={text} placeholder={w.colon(w.watch.add, w.watch.addPlaceholder)} aria-label={w.watch.add} disabled={full} maxLength={64} data-live-add
        onFocus={() => setOpen(true)} onInput={(event) => { setText(event.currentTarget.value); setOpen(true); }}
        onKeyDown={(event) => { const [first] = offered; if (event.key === "Enter" && first) add(first.unit_id); }} />
      {open && !full && (
        <ul class="live-offered" aria-label={w.watch.add}>
          {offered.map((unit) => <li key={unit.unit_id}><button type="button" data-offered={unit.unit_id} onClick={() => add(unit.unit_id)}><bdi class="cut">{officerOf(unit)}</bdi> <bdi class="dim cut">{unit.unit_id}</bdi></button></li>)}
          {offered.length === 0 && <li class="empty">{w.watch.noMatch}</li>}
        </ul>
      )}
      <span class="dim number">{w.watch.chosen(chosen.length, CHOSEN_MOST)}</span>
    </div>
  );
}

/** 1 to 9: listen to that place, or stop. */
function useDigits(): void {
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (!/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
      if (isTyping(event.target) || shortKeys.get() === "off" || document.querySelector("dialog[open]")) return;
      document.querySelector<HTMLButtonElement>(`.live-grid > :nth-child(${event.key}) [data-live-act=listen]`)?.click();
    }
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
