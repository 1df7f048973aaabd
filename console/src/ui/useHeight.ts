import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** How high an element is now, in px; `first_px` until it was looked at. */
export function useHeight(of: RefObject<HTMLElement | null>, first_px: number): number {
  const [height, setHeight] = useState(first_px);
  useEffect(() => {
    const element = of.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return height;
}
