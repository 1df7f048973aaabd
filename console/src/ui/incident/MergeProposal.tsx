import { useState } from "preact/hooks";
import { courtName } from "../../acts";
import { clock, counter, metres, plainCourt } from "../../format";
import { geodesicM } from "../../geodesic";
import { alarmKind, inEachLanguage, useWords, wordFor } from "../../i18n";
import { type Incident, officerOf } from "../../model";
import { Go } from "../Go";
import { ActButton } from "./ActButton";
import type { Hand } from "./IncidentPanel";

/** Somebody wrote in the log of either that they are two events: a note, so that every desk and the report have it. */
export function saidNotSame(a: Incident, b: Incident): boolean {
  const said = (one: Incident, other: Incident): boolean => {
    const notes = inEachLanguage((w) => w.notSameNote(other.incident_id));
    return one.timeline.some((entry) => entry.event === "note" && notes.includes(String(entry.facts.note)));
  };
  return said(a, b) || said(b, a);
}

/** Two officers' alarms at one place, side by side: one event or two? A person says which, and which one goes on. */
export function MergeProposal({ incident, other, hand }: { incident: Incident; other: Incident; hand: Hand }) {
  const w = useWords();
  const [keep, setKeep] = useState<Incident | null>(null);
  const apartMs = Math.abs(incident.opened_ms - other.opened_ms);
  const apart = incident.fix && other.fix ? metres(geodesicM(incident.fix, other.fix)) : null;
  const drop = keep === incident ? other : incident;
  return (
    <section class="merge" data-merge={other.incident_id} aria-label={`${w.mergeTitle} ${other.incident_id}`}>
      <h3>{w.mergeTitle}</h3>
      <p class="number">{apart === null ? w.mergeWhyNoPlace(counter(apartMs)) : w.mergeWhy(apart, counter(apartMs))}</p>
      <div class="merge-sides">
        {[incident, other].map((one) => (
          <Side key={one.incident_id} incident={one} own={one === incident} earlier={one.opened_ms <= Math.min(incident.opened_ms, other.opened_ms)}>
            {hand.dispatcher && keep === null && (
              <button type="button" class="button small" data-keep={one.incident_id} disabled={hand.lost} onClick={() => setKeep(one)}>{w.mergeKeep}</button>
            )}
          </Side>
        ))}
      </div>
      {hand.dispatcher && (
        <div class="acts">
          {keep !== null && (
            <>
              <ActButton incident={drop} verb="merge" name={w.mergeSure(keep.incident_id)} lost={hand.lost} look="small primary" body={{ into: keep.incident_id }} />
              <button type="button" class="button small" onClick={() => setKeep(null)}>{w.cancel}</button>
            </>
          )}
          {keep === null && (
            <ActButton incident={incident} verb="note" name={w.notSame} lost={hand.lost} look="small" body={{ note: w.notSameNote(other.incident_id) }} />
          )}
        </div>
      )}
    </section>
  );
}

function Side({ incident, own, earlier, children }: { incident: Incident; own: boolean; earlier: boolean; children: preact.ComponentChildren }) {
  const w = useWords();
  return (
    <div class="merge-side">
      <p class="dim">{own ? w.mergeThis : w.mergeOther}{earlier && ` · ${w.mergeEarlier}`}</p>
      <p><Go page="incidents" id={incident.incident_id}><strong><bdi class="cut">{officerOf(incident)}</bdi></strong></Go></p>
      <p>{wordFor(w.alarmTitle, alarmKind(incident.kind))} · <span class="number">{clock(incident.opened_ms)}</span></p>
      <p class="cut"><bdi>{plainCourt(courtName(incident.court_id, incident))}</bdi></p>
      <p class="cut dim"><bdi>{incident.case_no ?? ""}</bdi></p>
      <p>{wordFor(w.state, incident.state)}</p>
      {children}
    </div>
  );
}
