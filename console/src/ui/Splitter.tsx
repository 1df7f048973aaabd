import { useRef } from "preact/hooks";
import { type Store, useStore } from "../stores";

interface Props {
  edge: "left" | "right";
  /** Pixels as text; empty: the width that the page chose itself. */
  chosen: Store<string>;
  least: number;
  most: number;
  name: string;
}

const STEP_PX = 20;

/** Between two panes: dragged, or moved by the arrow keys; a double click gives the width back to the page. */
export function Splitter({ edge, chosen, least, most, name }: Props) {
  const bar = useRef<HTMLDivElement>(null);
  const width = useStore(chosen);

  /** Of the pane beside the bar, from where the bar is. */
  const measured = (): number => {
    const box = bar.current?.parentElement?.getBoundingClientRect();
    const own = bar.current?.getBoundingClientRect();
    if (!box || !own) return least;
    const middle = own.left + own.width / 2;
    return edge === "left" ? middle - box.left : box.right - middle;
  };
  const set = (px: number): void => chosen.set(String(Math.round(Math.max(least, Math.min(most, px)))));

  function onMove(event: PointerEvent): void {
    const box = bar.current?.parentElement?.getBoundingClientRect();
    if (!box || !bar.current?.hasPointerCapture(event.pointerId)) return;
    set(edge === "left" ? event.clientX - box.left : box.right - event.clientX);
  }

  function onKey(event: KeyboardEvent): void {
    const towards = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!towards || event.altKey) return;
    event.preventDefault();
    set(measured() + (edge === "left" ? towards : -towards) * STEP_PX);
  }

  return (
    <div ref={bar} class={`splitter splitter-${edge}`} role="separator" aria-orientation="vertical" aria-label={name} tabIndex={0}
      aria-valuemin={least} aria-valuemax={most} aria-valuenow={Number(width) || least} title={name}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)} onPointerMove={onMove}
      onKeyDown={onKey} onDblClick={() => chosen.set("")} />
  );
}
