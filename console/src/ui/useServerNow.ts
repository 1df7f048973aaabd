import { useEffect, useState } from "preact/hooks";
import { serverNowMs } from "../live/picture";

/** The gateway's clock, rendered again every `everyMs`. */
export function useServerNow(everyMs = 500): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return serverNowMs();
}
