import { courtName } from "../../acts";
import { counter, plainCourt, quoted } from "../../format";
import { useWords } from "../../i18n";
import type { Incident } from "../../model";
import { useServerNow } from "../useServerNow";

/** What happens by itself, and when: nothing on this page surprises. */
export function TimerLine({ incident }: { incident: Incident }) {
  const w = useWords();
  const leftMs = (incident.deadline_ms ?? 0) - useServerNow(250);
  if (!incident.timer || incident.deadline_ms === null) return <p class="timer dim">{w.noTimer}</p>;
  const asked = incident.candidates.filter((candidate) => candidate.offer === "open").map((candidate) => plainCourt(candidate.name));
  const who = incident.timer === "offer" ? asked.join("、") : incident.owner_court_id === null ? "" : plainCourt(courtName(incident.owner_court_id, incident));
  return <p class="timer number" role="timer" aria-live="off" data-timer={incident.timer}><bdi>{leftMs <= 0 ? w.timerDue : w.timer[incident.timer](counter(leftMs + 999), quoted(who))}</bdi></p>;
}
