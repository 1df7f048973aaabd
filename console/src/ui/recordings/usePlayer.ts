import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { incidentNow } from "../../api";
import { serverNowMs } from "../../live/picture";
import { type Laid, momentOf } from "../../play/line";
import { Player, type PlayState } from "../../play/player";
import { RecordingSource } from "../../play/recordingSource";
import { nameOf, type RecordingDetail } from "../../recording";
import { Store, useStore } from "../../stores";
import type { Tick } from "./PlayerLine";

export interface Playing {
  canvas: preact.RefObject<HTMLCanvasElement | null>;
  player: Player | null;
  state: PlayState | null;
  line: readonly Laid[];
  totalMs: number;
  ticks: readonly Tick[];
}

const NOTHING = new Store<PlayState | null>(null);
/** A recording that nobody can seek in is drawn at least so long. */
const LEAST_MS = 1000;

/** The player of a recording, as long as its page is open; what arrives meanwhile is played as well. */
export function usePlayer(detail: RecordingDetail): Playing {
  const canvas = useRef<HTMLCanvasElement>(null);
  const source = useRef<RecordingSource | null>(null);
  const [player, setPlayer] = useState<Player | null>(null);
  const [line, setLine] = useState<readonly Laid[]>([]);
  const state = useStore<PlayState | null>((player?.state as Store<PlayState | null> | undefined) ?? NOTHING);

  useEffect(() => {
    if (!canvas.current) return;
    const made = new RecordingSource(detail, setLine, serverNowMs);
    source.current = made;
    const playing = new Player(canvas.current, made, audio);
    setPlayer(playing);
    return () => {
      source.current = null;
      playing.close();
    };
  }, [nameOf(detail)]);
  useEffect(() => source.current?.update(detail), [detail]);

  const alarms = useAlarms(detail.incident_ids);
  const ticks = useMemo(() => ticksOf(line, alarms), [line, alarms]);
  return { canvas, player, state, line, ticks, totalMs: Math.max(LEAST_MS, line.at(-1)?.toMs ?? 0) };
}

function audio(): AudioContext | null {
  try {
    return new AudioContext({ latencyHint: "interactive" });
  } catch {
    return null;
  }
}

function ticksOf(line: readonly Laid[], alarms: readonly number[]): Tick[] {
  const marks = line.flatMap(({ part, fromMs }) => part.marks_ms.map((ms): Tick => ({ atMs: fromMs + ms, what: "mark" })));
  const pressed = alarms.flatMap((utcMs): Tick[] => {
    const atMs = momentOf(line, utcMs);
    return atMs === null ? [] : [{ atMs, what: "alarm" }];
  });
  return [...marks, ...pressed].sort((a, b) => a.atMs - b.atMs);
}

/** When the alarms of the recording's incidents were raised, by the unit's clock where it had one. */
function useAlarms(ids: readonly string[]): readonly number[] {
  const [found, setFound] = useState<readonly number[]>([]);
  useEffect(() => {
    let gone = false;
    void Promise.all(ids.slice(0, 8).map((id) => incidentNow(id).then((one) => one.pressed_ms ?? one.opened_ms, () => null)))
      .then((times) => !gone && setFound(times.filter((at) => at !== null)));
    return () => void (gone = true);
  }, [ids.join(" ")]);
  return found;
}
