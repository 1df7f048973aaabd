import { datum } from "../../desk/choices";
import { clock, clockExact, dateClock, difference } from "../../format";
import { useWords } from "../../i18n";
import type { Incident, TimelineEntry } from "../../model";
import { useStore } from "../../stores";
import { TalkFile } from "../talk/TalkFile";
import { eventName, factsOf } from "./facts";

/** Everything that happened, newest first, with who did it. Times are the server's; the unit's stands beside. */
export function Timeline({ incident }: { incident: Incident }) {
  const w = useWords();
  useStore(datum);
  return (
    <section class="timeline" aria-labelledby="timeline-title">
      <h3 id="timeline-title">{w.timeline}</h3>
      <Clocks incident={incident} />
      <ol reversed>
        {folded(incident.timeline).map((entry) => <Entry key={entry.seq} entry={entry} incident={incident} />)}
      </ol>
    </section>
  );
}

/** The unit's clock and ours, side by side: neither replaces the other. */
export function Clocks({ incident }: { incident: Incident }) {
  const w = useWords();
  const { pressed_ms: pressedMs, opened_ms: openedMs } = incident;
  const apartMs = pressedMs === null ? 0 : openedMs - pressedMs;
  return (
    <dl class="clocks number">
      <dt>{w.deviceTime}</dt>
      <dd>
        {pressedMs === null ? <span class="amber">◆ {w.deviceClockUnset}</span> : clockExact(pressedMs)}
        {pressedMs !== null && <small class="dim"> {w.clockQuality[incident.pressed_quality ?? 0]}</small>}
      </dd>
      <dt>{w.serverTime}</dt>
      <dd>
        {clockExact(openedMs)}
        {pressedMs !== null && (
          <small class={apartMs < -1000 ? "amber" : "dim"}> {apartMs < 0 ? w.serverEarlier(difference(apartMs)) : w.serverLater(difference(apartMs))}</small>
        )}
      </dd>
    </dl>
  );
}

/** Newest first. A moving officer gives a position every few seconds: of a run of them only the newest is shown. */
export function folded(timeline: TimelineEntry[]): TimelineEntry[] {
  const moved = (entry: TimelineEntry | undefined): boolean => entry?.event === "position_changed";
  return timeline.filter((entry, i) => !(moved(entry) && moved(timeline[i + 1]))).reverse();
}

function Entry({ entry, incident }: { entry: TimelineEntry; incident: Incident }) {
  const w = useWords();
  return (
    <li data-event={entry.event}>
      <time class="dim number" title={dateClock(entry.at_ms)}>{clock(entry.at_ms)}</time>
      <div>
        <span>{eventName(entry, w)}</span> <bdi class={entry.by ? "who" : "who dim"}>{entry.by ?? w.system}</bdi>
        {" "}<TalkFile entry={entry} />
        <EntryFacts facts={factsOf(entry, incident, w)} />
      </div>
    </li>
  );
}

/** What a step was decided on, a line each; nothing when it says nothing. */
export function EntryFacts({ facts }: { facts: ReturnType<typeof factsOf> }) {
  if (facts.length === 0) return null;
  return (
    <dl class="entry-facts">
      {facts.map((fact, i) => (
        <div key={`${fact.key}${i}`} data-fact={fact.key} class={fact.amber ? "amber" : undefined}>
          <dt>{fact.amber && <span aria-hidden="true">◆ </span>}{fact.name}</dt><dd><bdi>{fact.text}</bdi></dd>
        </div>
      ))}
    </dl>
  );
}
