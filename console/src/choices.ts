import { kept, oneOf } from "./kept";
import { Store } from "./stores";

/** What a person chose for this browser. Every one has a value that works for somebody who never chose. */

export type Theme = "dark" | "day";
export const theme = kept<Theme>("theme", "dark", oneOf("dark", "day"));

/** The page's colours follow it at once, before the first thing is drawn as well. */
export function followTheme(): void {
  const apply = (): void => void (document.documentElement.dataset.theme = theme.get());
  apply();
  theme.subscribe(apply);
}

/** `deviceId` of the loudspeaker that alarms come from; empty: the system's own choice. */
export const soundDevice = kept<string>("sound-device", "", (text): text is string => text.length <= 512);

/** What the browser calls it, for the record of the shift's check. */
export const soundDeviceName = kept<string>("sound-device-name", "", (text): text is string => text.length <= 200);

/** Percent. An alarm cannot be turned down to nothing. */
export const VOLUME_PCT = { least: 20, most: 100, unset: 80 };
export const volume = kept<string>("volume-pct", String(VOLUME_PCT.unset), within(VOLUME_PCT.least, VOLUME_PCT.most));

/** Keys of one character, as `/`, can be a nuisance to who dictates or whose hand trembles. */
export const shortKeys = kept<"on" | "off">("short-keys", "on", oneOf("on", "off"));

/** Widths of the desk's sides in pixels; empty: by the width of the window. */
export const LEFT_PX = { least: 220, most: 520 };
export const RIGHT_PX = { least: 340, most: 720 };
export const leftPx = kept<string>("left-px", "", within(LEFT_PX.least, LEFT_PX.most));
export const rightPx = kept<string>("right-px", "", within(RIGHT_PX.least, RIGHT_PX.most));

export type Part = "queue" | "list" | "map" | "side";
export const PARTS: readonly Part[] = ["queue", "list", "map", "side"];
export const parts = kept<string>("parts", PARTS.join(","), (text): text is string => partsOf(text).length > 0);

/** The parts that a text names, in their own order; none if it names something else. */
export function partsOf(text: string): readonly Part[] {
  const named = text.split(",");
  return named.every((name) => (PARTS as readonly string[]).includes(name)) ? PARTS.filter((part) => named.includes(part)) : [];
}

export const settingsOpen = new Store(false);

function within(least: number, most: number): (text: string) => text is string {
  return (text): text is string => text === "" || (/^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most);
}
