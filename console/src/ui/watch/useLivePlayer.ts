import { useEffect, useRef, useState } from "preact/hooks";
import { kept, oneOf } from "../../kept";
import { listenIfFree, listening, stopListening } from "../../listening";
import { LivePlayer, type LiveView } from "../../play/livePlayer";
import { sound, soundDeviceNow } from "../../sound";
import { Store, useStore } from "../../stores";

/** While an alarm sounds, the officer is still heard through it. */
const UNDER_ALARM = 0.35;
export const LIVE_VOLUMES = ["20", "40", "60", "80", "100"] as const;
export const liveVolume = kept<string>("live-volume-pct", "100", oneOf(...LIVE_VOLUMES));

export interface Watching {
  canvas: preact.RefObject<HTMLCanvasElement | null>;
  player: LivePlayer | null;
  view: LiveView | null;
}

const NOTHING = new Store<LiveView | null>(null);

/** A unit's live player as long as it is shown. It is listened to when nobody else is; an alarm comes first. */
export function useLivePlayer(unitId: string, alarmed: boolean): Watching {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [player, setPlayer] = useState<LivePlayer | null>(null);
  const view = useStore<LiveView | null>((player?.state as Store<LiveView | null> | undefined) ?? NOTHING);
  const device = useStore(sound);
  const heard = useStore(listening).unitId === unitId;
  const loudness = Number(useStore(liveVolume)) / 100;

  useEffect(() => {
    if (!canvas.current) return undefined;
    const made = new LivePlayer(canvas.current, unitId);
    setPlayer(made);
    return () => {
      made.close();
      stopListening(unitId);
    };
  }, [unitId]);
  useEffect(() => listenIfFree(unitId, alarmed), [unitId, alarmed]);
  useEffect(() => {
    if (!player) return;
    player.volume = loudness * (device === "ringing" ? UNDER_ALARM : 1);
    player.listen(heard ? soundDeviceNow() : null);
  }, [player, heard, device, loudness]);
  return { canvas, player, view };
}
