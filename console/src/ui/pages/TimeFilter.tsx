import { address, setQuery } from "../../address";
import { fieldTime, fromFieldTime } from "../../format";
import { useWords, wordFor } from "../../i18n";
import { serverNowMs } from "../../live/picture";
import { useStore } from "../../stores";

const QUICK_MS = { "24h": 86_400_000, "7d": 604_800_000, "30d": 2_592_000_000 } as const;

/** From and to by the clock of Beijing, whatever the browser's own is. */
export function TimeFilter() {
  const w = useWords();
  const query = useStore(address).query;
  const shown = (key: string): string => (query.get(key) ? fieldTime(Number(query.get(key))) : "");
  const set = (key: string, text: string): void => {
    const atMs = text ? fromFieldTime(text) : null;
    setQuery({ [key]: atMs === null ? "" : String(atMs) });
  };
  return (
    <div class="filter-time" role="group" aria-label={w.fWhen}>
      <span class="filter-label" aria-hidden="true">{w.fWhen}</span>
      <input type="datetime-local" aria-label={w.fFrom} value={shown("from_ms")} onChange={(event) => set("from_ms", event.currentTarget.value)} />
      <span aria-hidden="true">–</span>
      <input type="datetime-local" aria-label={w.fTo} value={shown("to_ms")} onChange={(event) => set("to_ms", event.currentTarget.value)} />
      {Object.entries(QUICK_MS).map(([name, ms]) => (
        <button key={name} type="button" class="pill" onClick={() => setQuery({ from_ms: String(Math.floor((serverNowMs() - ms) / 60_000) * 60_000), to_ms: "" })}>
          {wordFor(w.quick, name)}
        </button>
      ))}
    </div>
  );
}
