import { BASE } from "../../api";
import { useWords } from "../../i18n";
import type { TimelineEntry } from "../../model";

/** What was said in a talk of the timeline, as a file; nothing when none was kept. */
export function TalkFile({ entry }: { entry: TimelineEntry }) {
  const w = useWords();
  const { talk_id: talk, unit_id: unit, sha256 } = entry.facts;
  if (entry.event !== "talk" || typeof talk !== "string" || typeof unit !== "string" || typeof sha256 !== "string") return null;
  return <a class="link" href={`${BASE}/units/${encodeURIComponent(unit)}/talks/${encodeURIComponent(talk)}`} download={`talk-${talk}.mkv`} data-talk-file={talk}>{w.talk.file}</a>;
}
