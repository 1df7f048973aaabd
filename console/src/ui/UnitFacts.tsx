import type { ComponentChildren } from "preact";
import { tell } from "../acts";
import { datum, placed } from "../desk/choices";
import { age, bytes, metres, signal, speed } from "../format";
import { useWords, wordFor } from "../i18n";
import { picture } from "../live/picture";
import { type Fix, hasWeakSignal, isLowBattery, isTimeDoubtful, type Unit, unseen } from "../model";
import { useStore } from "../stores";
import { storageIsLow } from "./pages/unitFilter";
import { useServerNow } from "./useServerNow";

export function Fact({ name, children, amber }: { name: string; children: ComponentChildren; amber?: boolean }) {
  return (
    <div class={amber ? "fact amber" : "fact"}>
      <dt>{name}</dt>
      <dd>{amber && <span aria-hidden="true">◆ </span>}{children}</dd>
    </div>
  );
}

export function UnitFacts({ unit, court, caseNo }: { unit: Unit | undefined; court: string; caseNo: string | null }) {
  const w = useWords();
  const nowMs = useServerNow(1000);
  return (
    <dl class="facts">
      <Fact name={w.court}><bdi>{court}</bdi></Fact>
      <Fact name={w.caseNo}><bdi>{caseNo ?? w.none}</bdi></Fact>
      {unit && (
        <>
          <Fact name={w.battery} amber={isLowBattery(unit)}>
            {unit.battery_pct === null ? w.unknown : `${unit.battery_pct}%`}{unit.charging ? ` ${w.charging}` : ""}
          </Fact>
          <Fact name={w.signal} amber={hasWeakSignal(unit)}>
            {signal(unit.signal_dbm, unit.network, w)}
          </Fact>
          <Fact name={w.storage} amber={storageIsLow(unit)}>{unit.storage_free_bytes === null ? w.unknown : bytes(unit.storage_free_bytes)}</Fact>
          <Fact name={w.picture} amber={unseen(unit) !== null}>{unit.picture ? wordFor(w.pictureState, unit.picture) : w.noPicture}</Fact>
          <Fact name={w.recording}>{unit.recording === null ? w.unknown : unit.recording ? w.recordingOn : w.recordingOff}</Fact>
          <Fact name={w.lastContact} amber={!unit.online}>
            {unit.seen_ms === null ? w.neverSeen : w.lastSeen(age(nowMs - unit.seen_ms))}{unit.online ? "" : ` · ${w.offline}`}
          </Fact>
          <Fact name={w.clock} amber={unit.clock_quality === 0}>{w.clockQuality[unit.clock_quality ?? -1] ?? w.unknown}</Fact>
        </>
      )}
    </dl>
  );
}

/** Too old to be where the officer is now, or of an unknown age. */
export function isOldFix(fix: Fix, nowMs: number): boolean {
  return isTimeDoubtful(fix) || nowMs - fix.at_ms > (picture.get().gateway?.stale_fix_s ?? 0) * 1000;
}

/** A position, how old and how exact it is; never one without the others. */
export function FixFacts({ fix }: { fix: Fix | null }) {
  const w = useWords();
  const nowMs = useServerNow(1000);
  const as = useStore(datum);
  if (!fix) return <p class="fix fix-none amber"><span aria-hidden="true">◆ </span>{w.noFix}</p>;
  const ageMs = nowMs - fix.at_ms;
  const doubtful = isTimeDoubtful(fix);
  const old = isOldFix(fix, nowMs);
  const at = placed(fix, as);

  /** With the name of its datum: a bare pair of numbers is 500 m wrong in the wrong map. */
  function copy(): void {
    navigator.clipboard?.writeText(`${at.text} (${at.datum})`)
      .then(() => tell(true, w.desk.copied(at.text, at.datum)), () => tell(false, w.desk.copyFailed));
  }

  return (
    <div class="fix">
      <span class="dim">{w.position}</span>
      <b class="number" data-coordinates>{at.text}</b>
      <span class="dim" data-datum>{at.datum}</span>
      <span class={old ? "number amber" : "number"} data-fix-age={doubtful ? "doubtful" : old ? "old" : "fresh"}>
        {old && <span aria-hidden="true">◆ </span>}
        {doubtful ? `${w.timeDoubtful} · ${w.fixReceived(age(ageMs))}` : w.fixAge(age(ageMs))}
      </span>
      <span class="number">{fix.accuracy_m === null ? `${w.accuracy("?")}` : w.accuracy(metres(fix.accuracy_m))}</span>
      {fix.speed_m_s !== null && <span class="number">{speed(fix.speed_m_s)}</span>}
      {navigator.clipboard && <button type="button" class="pill" data-act-copy onClick={copy}>{w.desk.copyAs(at.datum)}</button>}
    </div>
  );
}
