import type { ComponentChildren } from "preact";
import { address } from "../address";
import { LEFT_PX, leftPx, type Part, parts, partsOf, RIGHT_PX, rightPx } from "../choices";
import { useWords } from "../i18n";
import { selection } from "../selection";
import { useStore } from "../stores";
import { Splitter } from "./Splitter";

/**
 * The desk's parts side by side. Which of them: `?show=map` in the address of this window (so that each of three
 * monitors can have its own), else what was chosen for all windows. A part that is not shown is not made.
 */
export function Panes({ queue, list, map, side }: Record<Part, (() => ComponentChildren) | null>) {
  const w = useWords();
  const left = useStore(leftPx);
  const right = useStore(rightPx);
  const shown = useParts();
  // An incident has more to show than all else: its picture beside its ranking.
  const wide = useStore(selection)?.what === "incident";
  const made = { queue, list, map, side };
  const has = (part: Part): boolean => shown.includes(part) && made[part] !== null;
  const hasLeft = has("queue") || has("list");
  const rest = "minmax(0, 1fr)";
  const columns = [
    ...(hasLeft ? [has("map") || has("side") ? "var(--left)" : rest] : []),
    ...(has("map") ? [rest] : []),
    ...(has("side") ? [has("map") ? "var(--right)" : rest] : []),
  ].join(" ");
  return (
    <div class={wide ? "panes panes-wide" : "panes"} style={{ "--columns": columns, ...(left && { "--left": `${left}px` }), ...(right && { "--right": `${right}px` }) }}>
      {hasLeft && <aside class="left" aria-label={w.queue}>{has("queue") && queue?.()}{has("list") && list?.()}</aside>}
      {has("map") && map?.()}
      {has("side") && side?.()}
      {hasLeft && (has("map") || has("side")) && <Splitter edge="left" chosen={leftPx} {...LEFT_PX} name={w.leftWidth} />}
      {has("map") && has("side") && <Splitter edge="right" chosen={rightPx} {...RIGHT_PX} name={w.rightWidth} />}
    </div>
  );
}

/** The parts that this window shows. */
export function useParts(): readonly Part[] {
  const chosen = partsOf(useStore(parts));
  const own = partsOf(useStore(address).query.get("show") ?? "");
  return own.length > 0 ? own : chosen;
}
