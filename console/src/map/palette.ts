import type { Theme } from "../choices";

/** The map's colours in the dark: those of style/tokens.css, which a canvas cannot read. */
const DARK = {
  land: "#20262d", county: "#39434e", countyName: "#65717e",
  court: "#7fa8d6", courtOff: "#6d7883", text: "#dfe5eb", halo: "#14181c", strong: "#ffffff",
  unit: "#aeb9c5", offline: "#7d8894", degraded: "#e0a526", alarm: "#ff5a52", alarmFill: "#c4161c", onAlarm: "#ffffff",
  line: "#e8edf2", test: "#9fb2c8", testFill: "#46556a", labelEdge: "#4a5561", labelOut: "#8b96a2",
  clusterFill: "#262e37", clusterOff: "#4d5864", track: "#8fb8e6",
  water: "#18202a", stream: "#22303c", green: "#20292a", building: "#262d35", roadMain: "#56616d", road: "#4a545f", roadSmall: "#39424c",
};
const DAY: typeof DARK = {
  land: "#f7f9fa", county: "#c0c9d1", countyName: "#6b7783",
  court: "#2a659f", courtOff: "#75818d", text: "#1b2128", halo: "#ffffff", strong: "#000000",
  unit: "#4b5763", offline: "#75818d", degraded: "#b27a00", alarm: "#c4161c", alarmFill: "#c4161c", onAlarm: "#ffffff",
  line: "#2c3844", test: "#4a5866", testFill: "#4a5866", labelEdge: "#9aa6b1", labelOut: "#6b7783",
  clusterFill: "#ffffff", clusterOff: "#c0c9d1", track: "#1c5b9c",
  water: "#d5e3ef", stream: "#bdd3e6", green: "#e6efe4", building: "#e4e8ec", roadMain: "#a9b4be", road: "#bcc5cd", roadSmall: "#d2d9df",
};

/** The colours in use. A map that is open has drawn with them: it is made anew when they change. */
export const PALETTE: typeof DARK = { ...DARK };

export function paintWith(theme: Theme): void {
  Object.assign(PALETTE, theme === "day" ? DAY : DARK);
}

export const FONT = '"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","Noto Sans SC",sans-serif';
