import { datum, placed } from "../desk/choices";
import { counter } from "../format";
import { alarmKind, useWords, wordFor } from "../i18n";
import { courtName } from "../acts";
import { type Incident, isTest, officerOf, type User } from "../model";
import { selectIncident } from "../selection";
import { useStore } from "../stores";
import { acknowledge } from "./urgent";
import { Shape } from "./Shapes";
import { useServerNow } from "./useServerNow";

interface Props {
  incident: Incident;
  more: number;
  user: User;
  lost: boolean;
  /** False for a moment after this alarm took another's place. */
  settled: () => boolean;
  pending: boolean;
}

/** The most urgent alarm that waits for this person, across the page, until it is answered. */
export function AlarmBanner({ incident, more, user, lost, settled, pending }: Props) {
  const w = useWords();
  const title = wordFor(w.alarmTitle, alarmKind(incident.kind));
  const forCourt = user.role === "court";
  const as = useStore(datum);
  const at = incident.fix && placed(incident.fix, as);
  return (
    <section class={`banner ${isTest(incident) ? "banner-test" : ""}`} aria-label={title} data-incident={incident.incident_id}>
      <span class="only-heard" role="alert">{title} <bdi>{officerOf(incident)}</bdi></span>
      <Shape kind="alarm" />
      <button type="button" class="banner-what" onClick={() => selectIncident(incident.incident_id)}>
        <strong>
          <span>{forCourt ? w.offerToYou : title}</span>
          <bdi class="cut">{officerOf(incident)}</bdi>
          {incident.duress && <em class="badge">{w.duress}</em>}
          {isTest(incident) && <em class="badge">{w.test}</em>}
          {alarmKind(incident.kind) === "exercise" && <em class="badge">{w.exercise}</em>}
        </strong>
        <small>
          <bdi class="cut">{courtName(incident.court_id, incident)}</bdi>
          {incident.case_no && <bdi class="cut">{incident.case_no}</bdi>}
          {incident.alarm_count > 1 && <span>{w.pressedTimes(incident.alarm_count)}</span>}
          {at ? <span class="number">{at.text} {at.datum}</span> : <span>{w.noFix}</span>}
          {isTest(incident) && <span>{w.testNote}</span>}
        </small>
      </button>
      {more > 0 && <span class="banner-more">{w.waitingMore(more)}</span>}
      <span class="banner-age">
        <small>{forCourt ? w.answerNow : w.unacknowledged}</small>
        <Age sinceMs={incident.opened_ms} />
      </span>
      {!forCourt && user.role !== "viewer" && (
        <button type="button" class="banner-act" disabled={lost || pending} onClick={() => settled() && acknowledge(incident)}>
          {pending ? w.pending : w.acknowledge} <kbd>F2</kbd>
        </button>
      )}
    </section>
  );
}

function Age({ sinceMs }: { sinceMs: number }) {
  return <b class="number" role="timer" aria-live="off">{counter(useServerNow() - sinceMs)}</b>;
}
