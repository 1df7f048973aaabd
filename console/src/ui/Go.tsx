import type { ComponentChildren } from "preact";
import { go, type Page, pathOf } from "../address";

interface Props {
  page: Page;
  id?: string | null;
  query?: URLSearchParams;
  class?: string;
  title?: string;
  "data-row"?: boolean;
  children: ComponentChildren;
}

/** A link to another page of the console: opens at once, and as any link in a new tab if the hand asks for that. */
export function Go({ page, id = null, query, children, ...more }: Props) {
  const text = query?.toString() ?? "";
  return (
    <a {...more} href={pathOf(page, id) + (text && `?${text}`)} onClick={(event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      event.stopPropagation();
      go(page, id, query);
    }}>
      {children}
    </a>
  );
}
