import "../../style/pages.css";
import "../../style/keys.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { pending, run } from "../../acts";
import { listStreamKeys, type MadeStreamKey, type RtspDoor, revokeStreamKey, type StreamKey } from "../../api";
import { dateClock, day } from "../../format";
import { useWords } from "../../i18n";
import type { User } from "../../model";
import { useStore } from "../../stores";
import { useServerNow } from "../useServerNow";
import { MadeKey } from "./MadeKey";
import { NewKey } from "./NewKey";

/** Keys for systems that watch by RTSP: one's own, and everybody's for an administrator. */
export default function StreamKeys({ user, lost }: { user: User; lost: boolean }) {
  const w = useWords();
  const { found, failed, ask } = useKeys();
  const [made, setMade] = useState<MadeStreamKey | null>(null);
  return (
    <main class="page" data-page="stream-keys">
      <header class="page-head"><h2>{w.keys.title}</h2><span class="page-hint" /></header>
      <div class="keys">
        <p class="dim">{w.keys.note}</p>
        {found && !found.rtsp.enabled && <p class="warning amber" data-rtsp="off"><span aria-hidden="true">◆ </span>{w.keys.off}</p>}
        {found?.rtsp.enabled && found.rtsp.only_here && <p class="warning amber" data-rtsp="only-here"><span aria-hidden="true">◆ </span>{w.keys.onlyHere}</p>}
        {made && found && <MadeKey key={made.key_id} made={made} rtsp={found.rtsp} onDone={() => setMade(null)} />}
        <NewKey lost={lost} onMade={(one) => { setMade(one); ask(); }} />
        <section aria-labelledby="keys-title">
          <h3 id="keys-title">{w.keys.list}</h3>
          {failed && <p class="amber" role="alert"><span aria-hidden="true">◆ </span>{w.listFailed} <button type="button" class="button small" onClick={ask}>{w.tryAgain}</button></p>}
          {found === null && !failed && <p class="empty" aria-busy="true">{w.loading}</p>}
          {found?.items.length === 0 && <p class="empty">{w.keys.none}</p>}
          {found && found.items.length > 0 && <KeyTable keys={found.items} everybody={user.role === "admin"} lost={lost} onRevoked={ask} />}
        </section>
      </div>
    </main>
  );
}

function KeyTable({ keys, everybody, lost, onRevoked }: { keys: StreamKey[]; everybody: boolean; lost: boolean; onRevoked: () => void }) {
  const w = useWords();
  const nowMs = useServerNow(5000);
  const c = w.keys.column;
  return (
    <div class="table-within">
      <table class="dense keys-table" aria-label={w.keys.list}>
        <thead><tr>{[c.purpose, ...(everybody ? [c.by] : []), c.unit, c.created, c.ends, c.state].map((name) => <th key={name} scope="col">{name}</th>)}<td /></tr></thead>
        <tbody>
          {keys.map((one) => {
            const state = one.revoked_ms !== null ? "revoked" : nowMs < one.ends_ms ? "holds" : "ended";
            return (
              <tr key={one.key_id} class={state === "holds" ? undefined : "row-ended"} data-key={one.key_id} data-state={state}>
                <td><bdi class="cut">{one.note}</bdi></td>
                {everybody && <td><bdi class="cut">{one.login}</bdi></td>}
                <td><bdi class="cut">{one.unit_id ?? w.keys.unitAll}</bdi></td>
                <td class="number">{day(one.created_ms)}</td>
                <td class="number">{day(one.ends_ms).slice(0, 5)}{dateClock(one.ends_ms).slice(0, 11)}</td>
                <td>{w.keys.state[state]}</td>
                <td class="right-cell">{state === "holds" && <Revoke one={one} lost={lost} onRevoked={onRevoked} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** A wall goes dark by it, so it takes a second click. */
function Revoke({ one, lost, onRevoked }: { one: StreamKey; lost: boolean; onRevoked: () => void }) {
  const w = useWords();
  const [sure, setSure] = useState(false);
  const busy = useStore(pending).has(`revoke/${one.key_id}`);
  if (!sure) return <button type="button" class="button small" disabled={lost} aria-label={w.keys.revokeOf(one.note)} title={w.keys.revokeNote} data-key-act="revoke" onClick={() => setSure(true)}>{w.keys.revoke}…</button>;
  const revoke = (): void => void run(`revoke/${one.key_id}`, w.keys.revokeOf(one.note), () => revokeStreamKey(one.key_id)).then(onRevoked);
  return (
    <>
      <button type="button" class="button small primary" disabled={lost || busy} data-key-act="revoke-sure" onClick={revoke}>{busy ? w.pending : w.keys.revokeSure}</button>
      {" "}<button type="button" class="button small" onClick={() => setSure(false)}>{w.cancel}</button>
    </>
  );
}

function useKeys(): { found: { items: StreamKey[]; rtsp: RtspDoor } | null; failed: boolean; ask: () => void } {
  const [found, setFound] = useState<{ items: StreamKey[]; rtsp: RtspDoor } | null>(null);
  const [failed, setFailed] = useState(false);
  const newest = useRef(0);
  function ask(): void {
    newest.current += 1;
    const mine = newest.current;
    listStreamKeys().then(
      (answer) => {
        if (mine !== newest.current) return;
        setFailed(false);
        setFound(answer);
      },
      () => mine === newest.current && setFailed(true),
    );
  }
  useEffect(() => {
    ask();
    return () => void (newest.current += 1);
  }, []);
  return { found, failed, ask };
}
