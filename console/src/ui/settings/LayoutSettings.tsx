import { pathOf } from "../../address";
import { leftPx, type Part, PARTS, parts, partsOf, rightPx } from "../../choices";
import { useWords } from "../../i18n";
import { useStore } from "../../stores";

/** Windows for further monitors: what each shows is in its address, so it can be a bookmark of that monitor. */
const WINDOWS: readonly (readonly Part[])[] = [["map"], ["queue", "list"], ["queue", "side"]];

export function LayoutSettings() {
  const w = useWords();
  const shown = partsOf(useStore(parts));
  const widths = useStore(leftPx) + useStore(rightPx);

  function toggle(part: Part): void {
    const next = PARTS.filter((one) => (one === part) !== shown.includes(one));
    if (next.length > 0) parts.set(next.join(","));
  }

  return (
    <fieldset class="choice">
      <legend>{w.layout}</legend>
      <div class="choice-options">
        {PARTS.map((part) => (
          <label key={part}>
            <input type="checkbox" checked={shown.includes(part)} disabled={shown.length === 1 && shown.includes(part)}
              onChange={() => toggle(part)} data-part={part} />
            <span>{w.part[part]}</span>
          </label>
        ))}
        <button type="button" class="button small" disabled={widths === ""} onClick={() => { leftPx.set(""); rightPx.set(""); }}>
          {w.widthsReset}
        </button>
      </div>
      <p class="dim">{w.layoutWindows}</p>
      <div class="choice-options">
        {WINDOWS.map((some) => (
          <a key={some.join()} class="button small" href={`${pathOf("desk")}?show=${some.join(",")}`} target="_blank" rel="noopener">
            {some.map((part) => w.part[part]).join(w.comma)}
          </a>
        ))}
        <a class="button small" href={pathOf("wall")} target="_blank" rel="noopener">{w.page.wall}</a>
      </div>
    </fieldset>
  );
}
