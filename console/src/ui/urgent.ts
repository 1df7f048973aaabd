import { act } from "../acts";
import { address, go } from "../address";
import { words } from "../i18n";
import type { Incident } from "../model";
import { selectIncident } from "../selection";

/** Acknowledge as this person: only what a dispatcher may, and only while the picture can be believed. */
export function acknowledge(incident: Incident): void {
  openOnDesk(incident);
  void act(incident, "acknowledge", words().acknowledge);
}

/** The alarm in sight with its map, whatever page was open. */
export function openOnDesk(incident: Incident): void {
  if (address.get().page !== "desk") go("desk");
  selectIncident(incident.incident_id);
}
