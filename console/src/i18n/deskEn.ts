import type { deskZh } from "./deskZh";

export const deskEn: typeof deskZh = {
  mapTools: "Map tools", measure: "Measure", helpMeasure: "Measure: begin or end", measureKey: "Measure (M)", measureHint: "Click on the map; Backspace takes a point back, Esc ends",
  measureTotal: "Total", measureSegment: "This piece", geodesic: "Length on the ellipsoid (WGS-84)", measureEnd: "End measuring",
  track: "Track of the last hour", trackFailed: "The track could not be read", trackOf: (points) => `Track of ${points} positions`,
  layers: "Base map", baseMap: "Base map", outlines: "County outlines (shipped, coarse)", outlinesOnly: "No other base map is set up, see settings [map]",
  overlays: "On top", night: "Dark tiles at night", layerFailed: (layer, why) => `${layer}: not drawn (${why}), the coarse outlines are below`,
  noLayerAnswer: "no answer", mapSource: "Map",
  pointer: "Pointer", middle: "Middle", datum: "Datum", copyAt: "Copy these coordinates",
  copied: (text, datum) => `Copied ${text} (${datum})`, copyFailed: "The browser does not allow copying", copyAs: (datum) => `Copy coordinates ${datum}`,
  legendCluster: "Several units (their number)", legendTrack: "Track",
  floodTitle: "Alarm flood", floodSince: (at) => `since ${at}`, floodCount: (n, open) => `${n} alarms, ${open} unacknowledged`,
  floodHint: "F2 acknowledges one after the other, the oldest first", floodElsewhere: "Court unknown",
  searchHits: (n) => `${n} found, ↓ moves, Enter opens`, clearSearch: "Clear the search",
  area: "Area", overview: "Areas", areaUnits: "Online / all", areaAlarms: "Alarms", areaDuty: "On duty", allAreas: "All",
  areaFilter: (name) => `Only ${name}`, areaClear: "Show all again",
  health: "State of the system", healthParts: { gateway: "Gateway", broker: "Broker", database: "Database", clock: "Clock", sound: "Sound" },
  healthOk: "well", healthBad: "failing", healthUnknown: "unknown", healthSlow: "picture is stale", healthCut: "connection lost",
  clockSet: "synchronized", clockFree: "not synchronized", clockStepped: (s) => `stepped by ${s}`, uptime: (age) => `up ${age}`, waitingMessages: (n) => `${n} waiting`,
};
