import { clock } from "../../format";
import { toldStatus, useWords, wordFor } from "../../i18n";
import type { Told } from "../../model";

/** What the officer was told, and whether the officer has felt it: sent is not felt. */
export function ToldList({ told }: { told: Told[] }) {
  const w = useWords();
  return (
    <section class="told" aria-labelledby="told-title">
      <h3 id="told-title">{w.told}</h3>
      {told.length === 0 && <p class="empty">{w.toldNothing}</p>}
      <ul>
        {told.map((entry) => (
          <li key={entry.seq} data-told={toldStatus(entry.status)} data-felt={entry.felt_ms !== null}>
            <time class="dim number">{clock(entry.at_ms)}</time>
            <span>{wordFor(w.toldStatus, toldStatus(entry.status))}</span>
            <Felt atMs={entry.felt_ms} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The newest of them in one line: what the officer believes now. */
export function LastTold({ told }: { told: Told[] }) {
  const w = useWords();
  const last = told.at(-1);
  if (!last) return null;
  return (
    <p class="last-told">
      <span class="dim">{w.lastTold}</span> <strong>{wordFor(w.toldStatus, toldStatus(last.status))}</strong> · <Felt atMs={last.felt_ms} />
    </p>
  );
}

function Felt({ atMs }: { atMs: number | null }) {
  const w = useWords();
  return atMs === null
    ? <span class="amber"><span aria-hidden="true">◇ </span>{w.notFelt}</span>
    : <span class="number"><span aria-hidden="true">✓ </span>{w.felt(clock(atMs))}</span>;
}
