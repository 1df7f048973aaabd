import { waitsFor } from "../live/picture";
import { freshness } from "../live/watchdog";
import { type Incident, isTest, type User } from "../model";
import { chime, ring } from "../sound";

const heardTests = new Set<string>();

/** Sound for what waits: real alarms ring until all are answered; a test alarm is heard once. */
export function announceAlarms(line: Incident[], user: User): void {
  const waiting = line.filter((incident) => waitsFor(incident, user));
  ring(user.role !== "viewer" && waiting.some((incident) => !isTest(incident)));
  for (const incident of waiting) {
    if (!isTest(incident) || heardTests.has(incident.incident_id)) continue;
    heardTests.add(incident.incident_id);
    chime("test");
  }
  const open = new Set(line.map((incident) => incident.incident_id));
  for (const id of heardTests) if (!open.has(id)) heardTests.delete(id);
}

/** A falling tone when the gateway is lost, a rising one when it is back. Returns what ends it. */
export function announceLink(): () => void {
  let wasLost = true;
  return freshness.subscribe(() => {
    const lost = freshness.get().state === "lost";
    if (lost !== wasLost) chime(lost ? "lost" : "back");
    wasLost = lost;
  });
}
