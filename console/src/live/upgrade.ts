import { Store } from "../stores";
import { picture } from "./picture";

/** This page is older than what the gateway serves now. */
export const outdated = new Store(false);

/** The files that this page was made of; read at once, since later ones are added as they are needed. */
const own = filesOf(document);

/**
 * Compares this page with the gateway's whenever the gateway says of another build. The page asks for a reload; it
 * never does it by itself while somebody works. Returns what ends it.
 */
export function watchUpgrades(): () => void {
  let compared: string | null = null;
  const look = (): void => {
    const gateway = picture.get().gateway;
    if (!gateway) return;
    const build = gateway.console_build ?? String(gateway.started_ms);
    if (build === compared) return;
    compared = build;
    filesNow().then((now) => now !== null && outdated.set(now !== own), () => (compared = null));
  };
  look();
  return picture.subscribe(look);
}

/** Null: the gateway has no console to serve. */
async function filesNow(): Promise<string | null> {
  const answer = await fetch("/", { cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) return null;
  return filesOf(new DOMParser().parseFromString(await answer.text(), "text/html")) || null;
}

/** Their names carry a hash of what is in them. */
function filesOf(page: Document): string {
  return [...page.querySelectorAll("script[src], link[rel=stylesheet]")]
    .map((file) => file.getAttribute("src") ?? file.getAttribute("href") ?? "").sort().join(" ");
}
