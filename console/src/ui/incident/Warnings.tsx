import { clock } from "../../format";
import { useWords, wordFor } from "../../i18n";
import { picture } from "../../live/picture";
import { type Incident, isOpen } from "../../model";
import { useStore } from "../../stores";
import { CallbackForm } from "./CallbackForm";
import { supervisorCall } from "./facts";
import type { Hand } from "./IncidentPanel";
import { MergeProposal, saidNotSame } from "./MergeProposal";

/** What a person must know before acting: duress, a claimed cancel, another alarm at the same place. */
export function Warnings({ incident, hand }: { incident: Incident; hand: Hand }) {
  const w = useWords();
  const now = useStore(picture);
  const claim = incident.timeline.findLast((entry) => entry.event === "cancel");
  const call = isOpen(incident) ? supervisorCall(incident) : null;
  const near = incident.near.map((id) => now.incidents.get(id)).filter((other) => other !== undefined)
    .filter((other) => isOpen(other) && !saidNotSame(incident, other));
  return (
    <>
      {incident.duress && <p class="warning duress" role="alert"><strong aria-hidden="true">▲ </strong>{w.duressStrip}</p>}
      {claim && !incident.duress && isOpen(incident) && (
        <p class="warning amber" data-cancel-claim><span aria-hidden="true">◆ </span>{w.cancelStrip(clock(claim.at_ms))}</p>
      )}
      {(claim || incident.duress) && hand.dispatcher && (
        <CallbackForm incident={incident} lost={hand.lost} />
      )}
      {call && (
        <p class="warning amber" data-supervisor={call.why}>
          <span aria-hidden="true">◆ </span>{w.supervisorStrip(clock(call.atMs), wordFor(w.supervisor, call.why))}
        </p>
      )}
      {isOpen(incident) && near.map((other) => (
        <MergeProposal key={other.incident_id} incident={incident} other={other} hand={hand} />
      ))}
    </>
  );
}
