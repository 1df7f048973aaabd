import { DATUM_NAMES, type Datum, type Place, toDatum } from "../datum";
import { kept, oneOf } from "../kept";

/** How this browser's operator reads the map. */
export const datum = kept<Datum>("datum", "wgs84", oneOf("wgs84", "gcj02", "bd09"));
export const trackShown = kept<"yes" | "no">("track", "yes", oneOf("yes", "no"));
/** Bright maps are turned dark, tile by tile: a white map blinds a dark room. */
export const nightTiles = kept<"yes" | "no">("night-tiles", "yes", oneOf("yes", "no"));

const LAYER_ID = /^[\w.:-]{1,64}$/;

/** The id of the base map; "outlines" is what is shipped. A layer that the gateway has no more is as if never chosen. */
export const baseMap = kept<string>("base-map", "outlines", (text): text is string => LAYER_ID.test(text));
/** The ids of the overlays that are switched off, with blanks between. */
export const hiddenOverlays = kept<string>("hidden-overlays", "", (text): text is string => text.split(" ").every((id) => !id || LAYER_ID.test(id)));

/** 26.03900, 119.27000 in the operator's datum, and its name. */
export function placed(at: Place, as: Datum): { text: string; datum: string } {
  const { lat, lon } = toDatum(as, at);
  return { text: `${lat.toFixed(5)}, ${lon.toFixed(5)}`, datum: DATUM_NAMES[as] };
}
