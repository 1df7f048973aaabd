import { distance, eta } from "../../format";
import { useWords, wordFor } from "../../i18n";
import type { Incident } from "../../model";

/** The ranking as it was at the alarm, with the reason for each place in it. It is looked at here, and acted on beside. */
export function Ranking({ incident }: { incident: Incident }) {
  const w = useWords();
  return (
    <section class="ranking" aria-labelledby="ranking-title">
      <h3 id="ranking-title">{w.rankingAsItWas}</h3>
      {incident.candidates.length === 0 ? <p class="empty">{w.noCandidates}</p> : (
        <table class="facts-table" aria-labelledby="ranking-title">
          <thead>
            <tr>
              <th scope="col">{w.rank}</th><th scope="col">{w.courtOffered}</th><th scope="col">{w.courtLevel}</th><th scope="col" class="right-cell">{w.distance}</th>
              <th scope="col" class="right-cell">{w.eta}</th><th scope="col">{w.duty}</th><th scope="col">{w.candidatesWhy}</th><th scope="col">{w.answerWas}</th>
            </tr>
          </thead>
          <tbody>
            {incident.candidates.map((one) => (
              <tr key={one.court_id} class={one.court_id === incident.owner_court_id ? "owner" : ""} data-ranked={one.court_id}>
                <td class="number one-line">{one.rank}</td>
                <td><bdi>{one.name}</bdi></td>
                <td class="one-line">{wordFor(w.level, one.level)}</td>
                <td class="number right-cell">{distance(one.distance_m)}</td>
                <td class="number right-cell">{eta(one.eta_s)}</td>
                <td class="one-line">{one.on_duty ? w.onDuty : <span class="amber">◆ {w.offDuty}</span>}</td>
                <td class="dim">{w.why(one.why ?? "")}</td>
                <td class="one-line">{one.offer ? <span class={`offer offer-${one.offer}`}>{w.offerState[one.offer]}</span> : <span class="dim">—</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
