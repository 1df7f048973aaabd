import { clock, fileSize } from "../../format";
import { useWords, wordFor } from "../../i18n";
import type { How, Proof, RecordingDetail, Segment, SegmentState } from "../../recording";

const SIGNS: Record<SegmentState | "absent", string> = { growing: "●", wanted: "◔", sealed: "✓", deleted: "×", absent: "◇" };

/** Every part of the recording in words: its state, how it came, what is marked in it, and whether it is proven. */
export function Parts({ detail, proof, onSeek }: { detail: RecordingDetail; proof: Proof | null; onSeek?: (number: number) => void }) {
  const w = useWords();
  const c = w.rec.partColumn;
  const rows: (Segment | number)[] = [...detail.parts, ...detail.absent].sort((a, b) => numberOf(a) - numberOf(b));
  return (
    <section class="parts" aria-labelledby="parts-title">
      <h3 id="parts-title">{w.rec.parts} <small class="number">{w.rec.partsCount(detail.parts.length)}</small></h3>
      <div class="table-within">
        <table class="facts-table parts-table" aria-labelledby="parts-title">
          <thead><tr>{[c.number, c.state, c.time, c.size, c.came, c.dropped, c.flags, c.proof].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
          <tbody>{rows.map((row) => (typeof row === "number" ? <Absent key={row} number={row} /> : <Part key={row.number} part={row} proof={proof} onSeek={onSeek} />))}</tbody>
        </table>
      </div>
    </section>
  );
}

const numberOf = (row: Segment | number): number => (typeof row === "number" ? row : row.number);

function Part({ part, proof, onSeek }: { part: Segment; proof: Proof | null; onSeek: ((number: number) => void) | undefined }) {
  const w = useWords();
  const shares = sharesOf(part);
  const flags = [
    ...part.flags.map((flag) => wordFor(w.rec.flag, flag)), ...(part.marks_ms.length > 0 ? [w.rec.marks(part.marks_ms.length)] : []),
    ...(part.foreign ? [w.rec.foreign] : []), ...(part.remote ? [w.rec.remote] : []),
  ];
  return (
    <tr data-part={part.number} data-state={part.state}>
      <td class="number">
        {onSeek ? <button type="button" class="link" aria-label={w.rec.part(part.number + 1)} onClick={() => onSeek(part.number)}>{part.number + 1}</button> : part.number + 1}
      </td>
      <td class={`one-line ${part.state === "wanted" ? "amber" : ""}`}><PartState state={part.state} /></td>
      <td class="number one-line">{part.first_ms === null ? <span class="dim" title={w.rec.unknownTime}>≈ {clock(part.first_heard_ms)}</span> : clock(part.first_ms)}</td>
      <td class="number one-line">{fileSize(part.size ?? part.received_bytes)}</td>
      <td class="one-line" data-how={shares.missing > 0 ? "missing" : shares.backfilled > 0 ? "backfilled" : "live"}>
        {part.state === "deleted" ? <span class="dim">—</span> : <span class={shares.missing > 0 ? "amber" : undefined}>{w.rec.share(percent(shares.live), percent(shares.backfilled), percent(shares.missing))}</span>}
      </td>
      <td class={part.dropped_pictures + part.dropped_sounds > 0 ? "one-line amber" : "one-line dim"}>
        {part.dropped_pictures + part.dropped_sounds > 0 ? `◆ ${w.rec.dropped(part.dropped_pictures, part.dropped_sounds)}` : w.rec.noneDropped}
      </td>
      <td>{flags.join(w.comma) || <span class="dim">—</span>}</td>
      <td><Proven part={part} proof={proof} /></td>
    </tr>
  );
}

function Absent({ number }: { number: number }) {
  return (
    <tr data-part={number} data-state="absent">
      <td class="number">{number + 1}</td>
      <td class="one-line amber" colSpan={7}><PartState state="absent" /></td>
    </tr>
  );
}

export function PartState({ state }: { state: SegmentState | "absent" }) {
  const w = useWords();
  return <><span class="state-sign" aria-hidden="true">{SIGNS[state]} </span>{w.rec.partState[state]}</>;
}

function Proven({ part, proof }: { part: Segment; proof: Proof | null }) {
  const w = useWords();
  const found = proof?.segments.find((one) => one.number === part.number);
  if (!proof) return part.sha256 ? <code class="hash" title={part.sha256}>{part.sha256.slice(0, 12)}…</code> : <span class="dim">—</span>;
  if (!found) return <span class="dim">{w.rec.unproven}</span>;
  if (found.ok) return <span class="one-line" data-proof="ok">✓ {w.rec.ok}</span>;
  return (
    <ul class="amber" data-proof="bad">
      {found.faults.map((fault, i) => <li key={i} title={fault.message}>✗ {wordFor(w.rec.fault, fault.code)}<br /><small class="dim"><bdi>{fault.message.slice(0, 200)}</bdi></small></li>)}
    </ul>
  );
}

/** How many of its bytes came how, 0 to 1 each. */
export function sharesOf(part: Segment): Record<How, number> {
  const sums: Record<How, number> = { live: 0, backfilled: 0, missing: 0 };
  let all = 0;
  for (const { start, end, how } of part.ranges) {
    sums[how] += end - start;
    all += end - start;
  }
  for (const how of ["live", "backfilled", "missing"] as const) sums[how] = all > 0 ? sums[how] / all : 0;
  return sums;
}

/** Nothing that is there reads as 0 %, and nothing that is not whole as 100 %. */
function percent(share: number): string {
  const whole = Math.round(share * 100);
  if (share > 0 && whole === 0) return "<1%";
  return share < 1 && whole === 100 ? ">99%" : `${whole}%`;
}
