import { Store } from "./stores";

/** What the address bar says: which page, which thing on it, and the filters of its list. */
export interface Address {
  page: Page;
  /** The incident of `/incidents/<id>`, the unit of `/units/<id>`, the recording of `/recordings/<unit>/<id>`; null: the list. */
  id: string | null;
  query: URLSearchParams;
}

export type Page = "desk" | "incidents" | "units" | "recordings" | "live" | "wall" | "stream-keys";

const PAGES: Record<string, Page> = { "": "desk", incidents: "incidents", units: "units", recordings: "recordings", live: "live", wall: "wall", "stream-keys": "stream-keys" };

/** The path of a page, or of one thing on it. */
export function pathOf(page: Page, id: string | null = null): string {
  const first = page === "desk" ? "" : page;
  return id === null ? `/${first}` : `/${first}/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** An unknown path is the desk: a link that somebody typed wrongly must not leave a dispatcher without alarms. */
function read(): Address {
  const [first = "", ...rest] = location.pathname.slice(1).split("/");
  const id = rest.filter((part) => part).slice(0, 2).join("/");
  const page = Object.hasOwn(PAGES, first) ? (PAGES[first] ?? "desk") : "desk";
  return { page, id: id ? decoded(id) : null, query: new URLSearchParams(location.search) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const address = new Store<Address>(read());

addEventListener("popstate", () => address.set(read()));

/** Open another page; the browser's "back" returns. */
export function go(page: Page, id: string | null = null, query = new URLSearchParams()): void {
  const text = query.toString();
  history.pushState(null, "", pathOf(page, id) + (text && `?${text}`));
  address.set(read());
}

/** Change the filters of the page that is open; an empty value leaves its key out. The browser's "back" goes past them. */
export function setQuery(change: Record<string, string>): void {
  const query = new URLSearchParams(address.get().query);
  for (const [key, value] of Object.entries(change)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  const text = query.toString();
  history.replaceState(null, "", location.pathname + (text && `?${text}`));
  address.set(read());
}
