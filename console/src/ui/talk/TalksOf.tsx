import { useEffect, useRef, useState } from "preact/hooks";
import { incidentTalks, listTalks, type TalkRecord } from "../../api";
import { clock, counter, day } from "../../format";
import { useWords, wordFor } from "../../i18n";
import { Go } from "../Go";
import { useServerNow } from "../useServerNow";
import { TalkKept } from "./TalkFile";

/** The live picture does not tell of talks. */
const AGAIN_MS = 10_000;
const ROWS_MAX = 500;

type Of = { unit_id: string } | { incident_id: string };

/**
 * Who has spoken to an officer, or in an incident, newest first: to read, to hear, to keep. Of an incident also who spoke on when
 * it was closed, which its log has not.
 */
export function TalksOf({ of }: { of: Of }) {
  const w = useWords();
  const nowMs = useServerNow(1000);
  const { rows, more, busy, failed, older, again } = useTalks(of);
  const c = w.talk.column;
  return (
    <section class="talks-of" aria-labelledby="talks-title">
      <h3 id="talks-title">{w.talk.list}</h3>
      {failed && <p class="amber" role="alert"><span aria-hidden="true">◆ </span>{w.listFailed} <button type="button" class="button small" onClick={again}>{w.tryAgain}</button></p>}
      {rows.length === 0 && !failed && <p class="empty" aria-busy={busy}>{busy ? w.loading : w.talk.listNone}</p>}
      {rows.length > 0 && (
        <div class="table-within">
          <table class={"unit_id" in of ? "dense talks talks-of-unit" : "dense talks"} aria-label={w.talk.list}>
            <thead><tr>{[c.time, c.by, c.length, c.how, c.ended, ...("unit_id" in of ? [c.incident] : []), c.sound].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>{rows.map((one) => <Row key={one.talk} one={one} nowMs={nowMs} ofUnit={"unit_id" in of} />)}</tbody>
          </table>
        </div>
      )}
      {more && <button type="button" class="button small" disabled={busy} onClick={older}>{busy ? w.loading : w.showOlder}</button>}
    </section>
  );
}

function Row({ one, nowMs, ofUnit }: { one: TalkRecord; nowMs: number; ofUnit: boolean }) {
  const w = useWords();
  const by = one.name || one.login;
  return (
    <tr data-talk-row={one.talk}>
      <td class="number"><span class="dim">{day(one.began_ms).slice(5)}</span> {clock(one.began_ms)}</td>
      <td><bdi class="cut">{by}</bdi></td>
      <td class="number right-cell">{counter((one.ended_ms ?? nowMs) - one.began_ms)}</td>
      <td>{one.call ? w.talk.how.call : w.talk.how.push}{one.aloud && <span class="amber"> ◆ {w.talk.fact.aloud}</span>}</td>
      <td>{one.ended === null ? w.talk.goesOn : wordFor(w.talk.ended, one.ended)}</td>
      {ofUnit && <td class="cut">{one.incident_id && <Go page="incidents" id={one.incident_id} class="link"><bdi>{one.incident_id}</bdi></Go>}</td>}
      <td>{one.kept ? <TalkKept unitId={one.unit_id} talk={one.talk} lastedMs={(one.ended_ms ?? one.began_ms) - one.began_ms} by={by} /> : one.ended !== null && <span class="dim">{w.talk.notKept}</span>}</td>
    </tr>
  );
}

interface Talks {
  rows: TalkRecord[];
  more: boolean;
  busy: boolean;
  failed: boolean;
  older: () => void;
  again: () => void;
}

/** The gateway's list; its first page is kept up as long as nobody went further. */
function useTalks(of: Of): Talks {
  const [page, setPage] = useState<{ items: TalkRecord[]; next: string | null } | null>(null);
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const newest = useRef(0);
  const further = useRef(false);

  function ask(cursor: string | null): void {
    newest.current += 1;
    const mine = newest.current;
    further.current = cursor !== null;
    setBusy(true);
    ("unit_id" in of ? listTalks(of.unit_id, cursor) : incidentTalks(of.incident_id)).then(
      (answer) => {
        if (mine !== newest.current) return;
        setFailed(false);
        setPage((old) => ({ items: cursor ? [...(old?.items ?? []), ...answer.items] : answer.items, next: answer.next ?? null }));
      },
      () => mine === newest.current && setFailed(true),
    ).finally(() => mine === newest.current && setBusy(false));
  }

  useEffect(() => {
    setPage(null);
    ask(null);
    const timer = setInterval(() => !further.current && !document.hidden && ask(null), AGAIN_MS);
    return () => {
      newest.current += 1;
      clearInterval(timer);
    };
  }, [JSON.stringify(of)]);

  const rows = page?.items ?? [];
  return {
    rows, busy: busy && page === null, failed, more: page?.next != null && rows.length < ROWS_MAX,
    older: () => page?.next && ask(page.next), again: () => ask(null),
  };
}
