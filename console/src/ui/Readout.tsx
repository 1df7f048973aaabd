import { useEffect, useState } from "preact/hooks";
import { DATUM_NAMES, type Datum, type Place } from "../datum";
import { datum, placed } from "../desk/choices";
import { useWords } from "../i18n";
import { Store, useStore } from "../stores";

/** Where the pointer is on the map (null: elsewhere), and its middle. */
export const mapAt = new Store<{ pointer: Place | null; middle: Place | null }>({ pointer: null, middle: null });

/** Coordinates under the pointer in the datum that the operator reads, and the choice of it for the whole page. */
export function Readout() {
  const w = useWords();
  const as = useStore(datum);
  const { pointer, middle } = useSettledStore();
  const at = pointer ?? middle;
  return (
    <div class="readout">
      <span class="dim">{pointer ? w.desk.pointer : w.desk.middle}</span>
      <output class="number" data-readout>{at ? placed(at, as).text : "—"}</output>
      <select value={as} aria-label={w.desk.datum} title={w.desk.datum} onChange={(event) => datum.set(event.currentTarget.value as Datum)}>
        {(Object.keys(DATUM_NAMES) as Datum[]).map((one) => <option key={one} value={one}>{DATUM_NAMES[one]}</option>)}
      </select>
    </div>
  );
}

/** A pointer moves more often than a screen is drawn: rendered once a frame. */
function useSettledStore(): { pointer: Place | null; middle: Place | null } {
  const [shown, setShown] = useState(mapAt.get());
  useEffect(() => {
    let due = 0;
    const end = mapAt.subscribe(() => {
      due ||= requestAnimationFrame(() => {
        due = 0;
        setShown(mapAt.get());
      });
    });
    return () => {
      end();
      cancelAnimationFrame(due);
    };
  }, []);
  return shown;
}
