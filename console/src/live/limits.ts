/** When the picture is called old; shared by the page and its watchdog worker. */
export const STALE_AFTER_MS = 2500;
export const LOST_AFTER_MS = 5000;

export interface Freshness {
  state: "live" | "stale" | "lost";
  /** Since the gateway said what is shown, in ms. */
  ageMs: number;
}
