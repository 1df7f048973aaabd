import { run } from "../../acts";
import { incidentNow, Refused } from "../../api";
import { clockExact, day } from "../../format";
import { words } from "../../i18n";
import { learn } from "../../live/picture";
import type { LivePlayer } from "../../play/livePlayer";
import { JPEG } from "../../play/liveMessages";
import { upload } from "../../upload";

const QUALITY = 0.92;

/** Keep what stands on the screen with the incident: a JPEG of the unit as the unit made it, to the byte. */
export function keepStill(player: LivePlayer, canvas: HTMLCanvasElement, unitId: string, incidentId: string): Promise<boolean> {
  const { shown } = player;
  return run(`still/${unitId}`, words().watch.still, async () => {
    if (!shown) throw new Refused(0, "");
    const { block } = shown;
    const content = block.codec === JPEG ? new Blob([block.content]) : await copyOf(canvas);
    const file = new File([content], stillName(unitId, block.takenMs), { type: "image/jpeg" });
    await upload(incidentId, file, "image/jpeg", () => undefined).done;
    await incidentNow(incidentId).then(learn, () => undefined);
  });
}

/** UNIT1 2026-11-26 23.55.19.042.jpg: whose picture, and when it was taken (Beijing). */
export function stillName(unitId: string, takenMs: number): string {
  const at = Math.round(takenMs);
  return `${unitId} ${day(at)} ${clockExact(at).replaceAll(":", ".")}.jpg`;
}

function copyOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => canvas.toBlob((made) => (made ? resolve(made) : reject(new Refused(0, ""))), "image/jpeg", QUALITY));
}
