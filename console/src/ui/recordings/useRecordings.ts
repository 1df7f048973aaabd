import { useEffect, useRef, useState } from "preact/hooks";
import { listRecordings, Refused } from "../../api";
import { picture } from "../../live/picture";
import type { Recording } from "../../recording";
import { useStore } from "../../stores";

/** More rows than this nobody reads: a filter is the better way. */
export const ROWS_MAX = 1000;
/** What grows is asked for again; the live picture does not tell of recordings. */
const AGAIN_MS = 10_000;

export interface RecordingListing {
  rows: Recording[];
  /** There are older ones. */
  more: boolean;
  busy: boolean;
  failed: string | null;
  older: () => void;
  again: () => void;
}

/** The gateway's list by `filters`. Its first page is kept up as long as nobody went further. */
export function useRecordings(filters: URLSearchParams): RecordingListing {
  const gateway = useStore(picture).gateway;
  const key = filters.toString();
  const [page, setPage] = useState<{ items: Recording[]; next: string | null } | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const newest = useRef(0);
  const further = useRef(false);

  function ask(cursor: string | null): void {
    newest.current += 1;
    const mine = newest.current;
    const whole = new URLSearchParams(filters);
    if (cursor) whole.set("cursor", cursor);
    further.current = cursor !== null;
    setBusy(true);
    listRecordings(whole).then(
      (answer) => {
        if (mine !== newest.current) return;
        setFailed(null);
        setPage((old) => ({ items: cursor ? [...(old?.items ?? []), ...answer.items] : answer.items, next: answer.next }));
      },
      (error: unknown) => mine === newest.current && setFailed(error instanceof Refused ? error.detail || String(error.status) : String(error)),
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
  }, [key, gateway]);

  const rows = page?.items ?? [];
  return {
    rows, busy, failed, more: page?.next != null && rows.length < ROWS_MAX,
    older: () => page?.next && ask(page.next),
    again: () => ask(null),
  };
}
