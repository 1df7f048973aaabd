import { Fill, RegularShape, Stroke, Style, Text } from "ol/style";
import { shortCourt } from "../format";
import type { Court, CourtLevel } from "../model";
import { cut } from "./alarmLayer";
import { FONT, PALETTE } from "./palette";

const SIZE_PX: Record<CourtLevel, number> = { high: 8, intermediate: 7, basic: 5 };
/** Longer names than any court has would cover the map. */
const NAME_CUT = 18;
/** Metres a pixel above which a level's names are not written. */
const NAMES_BELOW: Record<CourtLevel, number> = { high: 3000, intermediate: 1000, basic: 130 };

/** `together`: the courts in this place whose names stand under this one's mark, itself among them; or none. */
export function courtStyle(court: Court, together: readonly Court[], metresPerPixel: number): Style {
  const upper = court.level !== "basic";
  const colour = court.on_duty ? PALETTE.court : PALETTE.courtOff;
  const style = new Style({ image: markOf(court, colour), zIndex: upper ? 2 : 1 });
  const names = together.filter((one) => metresPerPixel < NAMES_BELOW[one.level]).map((one) => cut(shortCourt(one.name), NAME_CUT));
  if (names.length > 0) {
    style.setText(new Text({
      text: names.join("\n"), font: `12px ${FONT}`, textBaseline: "top", offsetY: 9, fill: new Fill({ color: colour }),
      stroke: new Stroke({ color: PALETTE.halo, width: 3 }),
    }));
  }
  return style;
}

/** Of each look one picture, for all courts. */
const made = new Map<string, RegularShape>();

function markOf(court: Court, colour: string): RegularShape {
  const key = `${court.level}/${court.on_duty}/${colour}`;
  let mark = made.get(key);
  if (!mark) {
    mark = new RegularShape({
      // A name may give way to another; the court itself is always drawn.
      points: 4, angle: Math.PI / 4, radius: SIZE_PX[court.level], declutterMode: "none",
      stroke: new Stroke({ color: colour, width: 1.5, ...(court.on_duty ? {} : { lineDash: [2, 2] }) }),
      fill: new Fill({ color: court.level !== "basic" && court.on_duty ? `${colour}b0` : `${PALETTE.halo}b0` }),
    });
    made.set(key, mark);
  }
  return mark;
}
