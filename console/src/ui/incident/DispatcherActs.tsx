import { useState } from "preact/hooks";
import { courtName } from "../../acts";
import { plainCourt } from "../../format";
import { useWords } from "../../i18n";
import type { Incident, User } from "../../model";
import { ActButton } from "./ActButton";
import { CloseForm } from "./CloseForm";
import { HandOverForm } from "./HandOver";
import type { Hand } from "./IncidentPanel";

/** What a dispatcher can do with the incident as a whole. Closing needs a reason, so it opens a form. */
export function DispatcherActs({ incident, user, hand }: { incident: Incident; user: User; hand: Hand }) {
  const w = useWords();
  const [closing, setClosing] = useState(false);
  const [handing, setHanding] = useState(false);
  const { acknowledged_ms: acknowledgedMs, handler_login: handler, handover } = incident.centre;
  const owner = incident.owner_court_id;
  const byOwner = owner === null ? {} : { court_id: owner };
  const common = { incident, lost: hand.lost };
  // The ranking's first button again, for a narrow column, where the ranking comes after the picture.
  const next = owner === null && acknowledgedMs !== null ? incident.candidates.find((court) => court.offer === null) : undefined;
  const waits = incident.candidates.some((court) => court.offer === "open");
  return (
    <>
      <div class="acts">
        {acknowledgedMs === null && (
          <ActButton {...common} verb="acknowledge" name={w.acknowledge} look="urgent"> <kbd>F2</kbd></ActButton>
        )}
        {next && (
          <ActButton {...common} verb="offer" known="offer-next" name={`${w.offer} ${plainCourt(next.name)}`} look={waits ? "" : "primary"}
            body={{ court_id: next.court_id }} />
        )}
        {incident.state === "ACCEPTED" && (
          <ActButton {...common} verb="en_route" name={w.enRoute} look="primary" body={byOwner}
            label={`${courtName(owner, incident)}: ${w.enRoute}`} />
        )}
        {(incident.state === "ACCEPTED" || incident.state === "EN_ROUTE") && (
          <ActButton {...common} verb="arrived" name={w.arrived} look={incident.state === "EN_ROUTE" ? "primary" : ""}
            body={byOwner} label={`${courtName(owner, incident)}: ${w.arrived}`} />
        )}
        {acknowledgedMs !== null && !handover && handler !== user.login && (
          <ActButton {...common} verb="take_over" name={w.takeOverMine} />
        )}
        {acknowledgedMs !== null && !handover && !handing && (
          <button type="button" class="button" data-act="open-hand-over" disabled={hand.lost} onClick={() => setHanding(true)}>
            {w.handOver}…
          </button>
        )}
        {!closing && (
          <button type="button" class="button" data-act="open-close" disabled={hand.lost} onClick={() => setClosing(true)}>
            {w.close}…
          </button>
        )}
      </div>
      {handing && !handover && <HandOverForm incident={incident} user={user} lost={hand.lost} onEnd={() => setHanding(false)} />}
      {closing && <CloseForm incident={incident} lost={hand.lost} onEnd={() => setClosing(false)} />}
    </>
  );
}
