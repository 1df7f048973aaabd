import { address, go, type Page, pathOf } from "../address";
import { useWords } from "../i18n";
import { useStore } from "../stores";

/** The pages that a person goes to from the top of the page; the wall and the stream keys are in the person's menu. */
const LISTED: readonly Exclude<Page, "wall" | "stream-keys">[] = ["desk", "incidents", "units", "recordings", "live"];

export function Nav() {
  const w = useWords();
  const here = useStore(address).page;
  return (
    <nav class="pages" aria-label={w.pages}>
      {LISTED.map((page) => (
        <a key={page} href={pathOf(page)} aria-current={page === here ? "page" : undefined} data-page={page}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
            event.preventDefault();
            go(page);
          }}>
          {w.page[page]}
        </a>
      ))}
    </nav>
  );
}
