/** The arrows move between the rows of a table: each has one link, marked `data-row`, that Enter opens. */
export function onRowKey(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!(event.target instanceof HTMLElement) || event.target.closest("input, select, textarea")) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row.closest("tr")?.contains(event.target as HTMLElement));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** A click anywhere on a row follows its link, unless it ends a selection of text. */
export function openRow(event: MouseEvent & { currentTarget: HTMLElement }): void {
  if (event.defaultPrevented || (event.target as HTMLElement).closest("a, button")) return;
  if (getSelection()?.isCollapsed === false) return;
  event.currentTarget.querySelector<HTMLElement>("[data-row]")?.click();
}
