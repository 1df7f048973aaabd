import { useEffect, useRef, useState } from "preact/hooks";
import { listIncidents, Refused } from "../../api";
import { picture } from "../../live/picture";
import { type Incident, isOpen } from "../../model";
import { useStore } from "../../stores";
import { asked, fits } from "./incidentFilter";

/** More rows than this nobody reads: a filter is the better way. */
export const ROWS_MAX = 1000;

export interface IncidentListing {
  rows: Incident[];
  /** There are older ones. */
  more: boolean;
  busy: boolean;
  failed: string | null;
  older: () => void;
  again: () => void;
}

/** The gateway's list by the filters of the address; what changes meanwhile comes from the live picture. */
export function useIncidents(query: URLSearchParams): IncidentListing {
  const now = useStore(picture);
  const filters = asked(query);
  const key = filters.toString();
  const [page, setPage] = useState<{ items: Incident[]; next: string | null } | null>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const newest = useRef(0);

  function ask(cursor: string | null): void {
    newest.current += 1;
    const mine = newest.current;
    const whole = new URLSearchParams(filters);
    if (cursor) whole.set("cursor", cursor);
    setBusy(true);
    setFailed(null);
    listIncidents(whole).then(
      (answer) => mine === newest.current && setPage((old) => ({ items: cursor ? [...(old?.items ?? []), ...answer.items] : answer.items, next: answer.next })),
      (error: unknown) => mine === newest.current && setFailed(error instanceof Refused ? error.detail || String(error.status) : String(error)),
    ).finally(() => mine === newest.current && setBusy(false));
  }

  useEffect(() => {
    setPage(null);
    ask(null);
    return () => void (newest.current += 1);
  }, [key]);
  // After a lost connection the list may have missed the end of something.
  useEffect(() => {
    if (now.known && page) ask(null);
  }, [now.gateway]);

  const rows = page === null ? [] : merged(page.items, [...now.incidents.values()].filter((incident) => isOpen(incident) && fits(incident, filters, now)), now.incidents);
  return {
    rows, busy, failed, more: page?.next != null && rows.length < ROWS_MAX,
    older: () => page?.next && ask(page.next),
    again: () => ask(null),
  };
}

/** Newest first. A row of the list stays in its place when it ends: nothing vanishes under the hand. */
function merged(listed: Incident[], live: Incident[], known: ReadonlyMap<string, Incident>): Incident[] {
  const found = new Map<string, Incident>();
  for (const incident of [...listed, ...live]) {
    const newer = known.get(incident.incident_id);
    found.set(incident.incident_id, newer && newer.version >= incident.version ? newer : incident);
  }
  return [...found.values()].sort((a, b) => b.opened_ms - a.opened_ms || (a.incident_id < b.incident_id ? 1 : -1));
}
