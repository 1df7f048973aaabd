import { useState } from "preact/hooks";
import { distance, eta, plainCourt } from "../../format";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";
import { type Candidate, type Incident, isOpen } from "../../model";
import { useStore } from "../../stores";
import { ActButton } from "./ActButton";
import type { Hand } from "./IncidentPanel";
import { PhoneForm } from "./PhoneForm";

const SHOWN = 5;

/** The ranking as it was at the alarm. It never moves under the finger. */
export function Candidates({ incident, hand }: { incident: Incident; hand: Hand }) {
  const w = useWords();
  const [all, setAll] = useState(false);
  const list = incident.candidates;
  const factor = useStore(picture).gateway?.road_factor;
  const shown = all ? list : list.filter((candidate, i) => i < SHOWN || candidate.offer !== null);
  return (
    <section class={incident.owner_court_id === null && isOpen(incident) ? "candidates" : "candidates settled"} aria-labelledby="candidates-title">
      <h3 id="candidates-title">{w.candidates} <small>{w.candidatesNote(factor === undefined ? "" : String(factor))}</small></h3>
      {list.length === 0 && <p class="empty amber"><span aria-hidden="true">◆ </span>{w.noCandidates}</p>}
      {list.length > 0 && (
        <table>
          <thead>
            <tr><th scope="col">{w.rank}</th><th scope="col">{w.courtOffered}</th><th scope="col">{w.distance} / {w.eta}</th><td /></tr>
          </thead>
          <tbody>{shown.map((candidate) => <Row key={candidate.court_id} {...{ incident, candidate, hand }} />)}</tbody>
        </table>
      )}
      {list.length > shown.length || all ? (
        <button type="button" class="link" onClick={() => setAll(!all)}>{all ? w.showLess : w.showAll(list.length)}</button>
      ) : null}
    </section>
  );
}

type Answer = "accept" | "decline";

function Row({ incident, candidate, hand }: { incident: Incident; candidate: Candidate; hand: Hand }) {
  const w = useWords();
  const [answer, setAnswer] = useState<Answer | null>(null);
  const owner = incident.owner_court_id === candidate.court_id;
  const seeking = incident.owner_court_id === null;
  const wasAsked = candidate.offer !== null && candidate.offer !== "declined" && candidate.offer !== "accepted";
  const mayAnswer = hand.dispatcher && seeking && (wasAsked || incident.state === "UNCOVERED");
  const mayOffer = hand.dispatcher && seeking && candidate.offer === null;
  const mayDecline = hand.dispatcher && ((seeking && candidate.offer === "open") || owner);
  return (
    <>
      <tr class={owner ? "candidate owner" : "candidate"} data-candidate={candidate.court_id}>
        <td><span class="rank number">{candidate.rank}</span></td>
        <td>
          <bdi title={`${candidate.name}\n${w.why(candidate.why ?? "")}`}>{plainCourt(candidate.name)}</bdi>
          <small class="dim">
            {candidate.on_duty ? w.onDuty : <span class="amber">◆ {w.offDuty}</span>}
            {candidate.court_id === incident.court_id && <> · {w.ownCourt}</>}
          </small>
        </td>
        <td class="number">
          {distance(candidate.distance_m)}
          <small class="dim">{eta(owner ? (incident.eta_s ?? candidate.eta_s) : candidate.eta_s)}</small>
        </td>
        <td class="candidate-acts">
          {candidate.offer && <strong class={`offer offer-${candidate.offer}`}>{w.offerState[candidate.offer]}</strong>}
          {mayOffer && (
            <ActButton incident={incident} verb="offer" name={w.offer} lost={hand.lost} body={{ court_id: candidate.court_id }}
              look={candidate.rank === 1 ? "small primary" : "small"} label={`${w.offer} ${candidate.name}`} />
          )}
        </td>
      </tr>
      {answer === null && (mayAnswer || mayDecline) && (
        <tr class="candidate-more">
          <td />
          <td colSpan={3}>
            {mayAnswer && (
              <button type="button" class="button small" data-act="phone-accept" disabled={hand.lost} onClick={() => setAnswer("accept")}>
                {w.byPhone}
              </button>
            )}
            {mayDecline && (
              <button type="button" class="button small" data-act="phone-decline" disabled={hand.lost} onClick={() => setAnswer("decline")}>
                {owner ? w.cannotGo : w.declined}
              </button>
            )}
          </td>
        </tr>
      )}
      {answer !== null && (
        <tr class="candidate-more">
          <td />
          <td colSpan={3}>
            <PhoneForm incident={incident} candidate={candidate} verb={answer} lost={hand.lost} onEnd={() => setAnswer(null)} />
          </td>
        </tr>
      )}
    </>
  );
}
