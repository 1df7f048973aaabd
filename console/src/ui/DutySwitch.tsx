import { pending, run } from "../acts";
import { setDuty } from "../api";
import { useWords } from "../i18n";
import { picture } from "../live/picture";
import { useStore } from "../stores";

/** A court says whether it can be sent. */
export function DutySwitch({ courtId, lost }: { courtId: string | null; lost: boolean }) {
  const w = useWords();
  const court = useStore(picture).courts.get(courtId ?? "");
  const busy = useStore(pending).has("duty");
  if (!court) return null;
  const name = court.on_duty ? w.goOffDuty : w.goOnDuty;
  return (
    <div class="duty">
      <strong><bdi>{court.name}</bdi></strong>
      <span class={court.on_duty ? "" : "amber"}>{court.on_duty ? `● ${w.onDuty}` : `◆ ${w.offDuty}`}</span>
      <button type="button" class="button" disabled={lost || busy}
        onClick={() => void run("duty", name, () => setDuty(court.court_id, !court.on_duty))}>
        {busy ? w.pending : name}
      </button>
    </div>
  );
}
