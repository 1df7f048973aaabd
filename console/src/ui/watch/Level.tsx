import type { Dictionary } from "../../i18n";
import { useWords } from "../../i18n";
import { QUIET_DB } from "../../play/livePlayer";

const LOUD_DB = -18;
const VOICE_DB = -42;

/** How loud it is there, to see as well as to read. It shows what comes, whether or not it is listened to. */
export function Level({ db }: { db: number | null }) {
  const w = useWords();
  const part = db === null ? 0 : Math.max(0, Math.min(1, (db - QUIET_DB) / (-6 - QUIET_DB)));
  const said = levelSaid(db, w);
  return (
    <div class={`level ${db === null ? "amber" : ""}`} role="meter" aria-label={w.watch.level} aria-valuemin={QUIET_DB} aria-valuemax={0} aria-valuenow={Math.round(db ?? QUIET_DB)} aria-valuetext={said} data-level={db === null ? "none" : Math.round(db)}>
      <span class="level-bar" aria-hidden="true"><i style={{ transform: `scaleX(${part.toFixed(3)})` }} /></span>
      <span>{db === null && <span aria-hidden="true">◆ </span>}{said}</span>
    </div>
  );
}

function levelSaid(db: number | null, w: Dictionary): string {
  if (db === null) return w.watch.noSound;
  return db > LOUD_DB ? w.watch.loud : db > VOICE_DB ? w.watch.voice : w.watch.quiet;
}
