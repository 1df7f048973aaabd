import { useState } from "preact/hooks";
import { courtName } from "../../acts";
import { distance, eta, quoted } from "../../format";
import { useWords } from "../../i18n";
import type { Incident } from "../../model";
import { ActButton } from "./ActButton";

/** The duty officer's side: two big buttons, then what follows from the answer. */
export function CourtAnswer({ incident, courtId, lost }: { incident: Incident; courtId: string; lost: boolean }) {
  const w = useWords();
  const own = incident.candidates.find((candidate) => candidate.court_id === courtId);
  const [minutes, setMinutes] = useState(() => (own?.eta_s ? String(Math.max(1, Math.round(own.eta_s / 60))) : ""));
  const owner = incident.owner_court_id === courtId;
  const common = { incident, lost, look: "big" };
  const etaS = Number.parseInt(minutes, 10) * 60;
  const body = { court_id: courtId };
  const mayAnswer = incident.owner_court_id === null &&
    ((own?.offer ?? null) !== null ? own?.offer !== "declined" : incident.state === "UNCOVERED");
  return (
    <section class="court-answer" aria-label={w.ownAnswer}>
      {own && <p class="number">{distance(own.distance_m)} · {eta(own.eta_s)}</p>}
      {incident.owner_court_id !== null && !owner && <p><bdi>{w.otherCourtHas(quoted(courtName(incident.owner_court_id, incident)))}</bdi></p>}
      {mayAnswer && (
        <>
          <label class="eta-field">
            <span>{w.etaMinutes}</span>
            <input type="number" min={1} max={600} value={minutes} onInput={(event) => setMinutes(event.currentTarget.value)} />
          </label>
          <div class="acts">
            <ActButton {...common} verb="accept" name={w.accept} look="big primary" body={etaS > 0 ? { ...body, eta_s: etaS } : body} />
            <ActButton {...common} verb="decline" name={w.decline} body={body} />
          </div>
        </>
      )}
      {owner && (
        <div class="acts">
          {incident.state === "ACCEPTED" && <ActButton {...common} verb="en_route" name={w.enRoute} look="big primary" body={body} />}
          {(incident.state === "ACCEPTED" || incident.state === "EN_ROUTE") && (
            <ActButton {...common} verb="arrived" name={w.arrived} look={incident.state === "EN_ROUTE" ? "big primary" : "big"} body={body} />
          )}
          {incident.state !== "ON_SCENE" && <ActButton {...common} verb="decline" name={w.cannotGo} body={body} />}
        </div>
      )}
    </section>
  );
}
