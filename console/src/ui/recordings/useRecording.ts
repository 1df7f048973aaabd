import { useEffect, useRef, useState } from "preact/hooks";
import { recordingNow, Refused } from "../../api";
import { serverNowMs } from "../../live/picture";
import { type RecordingDetail, stateOfRecording } from "../../recording";

/** A recording that may still grow is asked for again, a long one less often; one that is whole stays as it is. */
const AGAIN_MS = 2000;
const AGAIN_A_PART_MS = 20;
const AGAIN_WHEN_QUIET_MS = 15_000;

export interface Watched {
  detail: RecordingDetail | null;
  missing: boolean;
  failed: boolean;
  /** What an act of ours answered is newer than what was asked for. */
  learn: (detail: RecordingDetail) => void;
}

export function useRecording(of: { unit_id: string; recording: string }): Watched {
  const [detail, setDetail] = useState<RecordingDetail | null>(null);
  const [missing, setMissing] = useState(false);
  const [failed, setFailed] = useState(false);
  const acts = useRef(0);
  const settled = detail !== null && (detail.complete || detail.deleted_ms !== null);

  useEffect(() => {
    if (settled) return;
    let [gone, timer, restMs] = [false, 0, AGAIN_MS];
    const ask = (): void => {
      const mine = acts.current;
      recordingNow(of).then(
        (found) => {
          if (gone) return;
          setFailed(false);
          restMs = stateOfRecording(found, serverNowMs()) === "incomplete" ? AGAIN_WHEN_QUIET_MS : AGAIN_MS + AGAIN_A_PART_MS * found.parts.length;
          if (mine === acts.current) setDetail(found);
        },
        (error: unknown) => {
          if (gone) return;
          setMissing(error instanceof Refused && error.status >= 400 && error.status < 500);
          setFailed(true);
        },
      ).finally(() => !gone && (timer = window.setTimeout(ask, restMs)));
    };
    ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [of.unit_id, of.recording, settled]);

  return {
    detail, failed, missing: missing && detail === null,
    learn: (found) => {
      acts.current += 1;
      setDetail(found);
    },
  };
}
