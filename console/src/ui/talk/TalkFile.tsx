import { BASE } from "../../api";
import { useWords } from "../../i18n";
import type { TimelineEntry } from "../../model";
import { lazily } from "../lazily";

const TalkPlay = lazily(() => import("./TalkPlay"), () => <span class="talk-play" aria-busy="true" />);

interface Kept {
  unitId: string;
  talk: string;
  lastedMs: number;
  /** Who spoke. */
  by: string;
}

/** What was said in a talk: to hear here, and as a file. */
export function TalkKept({ unitId, talk, lastedMs, by }: Kept) {
  const w = useWords();
  return (
    <span class="talk-kept">
      <TalkPlay unitId={unitId} talk={talk} lastedMs={lastedMs} by={by} />
      <a class="link" href={`${BASE}/units/${encodeURIComponent(unitId)}/talks/${encodeURIComponent(talk)}`} download={`talk-${talk}.mkv`} aria-label={w.talk.fileOf(by)} data-talk-file={talk}>{w.talk.file}</a>
    </span>
  );
}

/** What was said in a talk of the timeline; nothing when none was kept. */
export function TalkFile({ entry }: { entry: TimelineEntry }) {
  const { talk_id: talk, unit_id: unit, sha256, lasted_ms: lasted } = entry.facts;
  if (entry.event !== "talk" || typeof talk !== "string" || typeof unit !== "string" || typeof sha256 !== "string") return null;
  return <TalkKept unitId={unit} talk={talk} lastedMs={typeof lasted === "number" ? lasted : 0} by={entry.by ?? ""} />;
}
