import { useEffect } from "preact/hooks";
import { incidentNow } from "../../api";
import { learn } from "../../live/picture";
import { type Incident, isOpen } from "../../model";

const ASK_EVERY_MS = 2000;
const ASK_AT_MOST = 30;

/** The live picture says no more of a finished incident, so ask whether the officer has felt that it ended. */
export function useLastReceipt(incident: Incident): void {
  const waits = !isOpen(incident) && incident.told.at(-1)?.felt_ms === null;
  useEffect(() => {
    if (!waits) return;
    let asked = 0;
    const timer = setInterval(() => {
      asked += 1;
      if (asked >= ASK_AT_MOST) clearInterval(timer);
      incidentNow(incident.incident_id).then(learn, () => undefined);
    }, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [incident.incident_id, waits]);
}
