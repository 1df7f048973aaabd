import { useEffect, useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { verifyRecording } from "../../api";
import { dateClock } from "../../format";
import { useWords } from "../../i18n";
import { nameOf, type Proof, type RecordingDetail } from "../../recording";
import { useStore } from "../../stores";

export interface Proving {
  found: Proof | null;
  key: string;
  start: (name: string) => void;
}

/** The proof that was last asked for; one of other parts is no longer of this recording as it is. */
export function useProof(detail: RecordingDetail): Proving {
  const [found, setFound] = useState<Proof | null>(null);
  const key = `verify/${nameOf(detail)}`;
  useEffect(() => setFound(null), [key, detail.sealed]);
  return {
    found, key,
    start: (name) => void run(key, name, async () => setFound(await verifyRecording(detail))),
  };
}

export function VerifyButton({ proof, lost }: { proof: Proving; lost: boolean }) {
  const w = useWords();
  const busy = useStore(pending).has(proof.key);
  return (
    <button type="button" class="button small" disabled={lost || busy} title={w.rec.verifyNote} data-act="verify" onClick={() => proof.start(w.rec.verify)}>
      {busy ? w.rec.verifying : w.rec.verify}
    </button>
  );
}

/** What came of it, in one line; each part's is in its row. */
export function Verdict({ proof: { found } }: { proof: Proving }) {
  const w = useWords();
  if (!found) return null;
  const bad = found.segments.filter((one) => !one.ok).length;
  return (
    <section class={`verdict ${bad > 0 ? "amber" : ""}`} role="status" data-verdict={found.ok ? "ok" : "bad"}>
      <p>
        <b><span aria-hidden="true">{found.segments.length === 0 ? "◇" : bad > 0 ? "◆" : "✓"} </span>
          {found.segments.length === 0 ? w.rec.nothingProven : bad > 0 ? w.rec.verifiedBad(bad, found.segments.length) : w.rec.verified(found.segments.length)}</b>
      </p>
      <p class="dim number">{w.rec.checkedAt(dateClock(found.checked_ms))}</p>
      {found.unproven.length > 0 && <p class="dim">{w.rec.unprovenCount(found.unproven.length)}</p>}
    </section>
  );
}
