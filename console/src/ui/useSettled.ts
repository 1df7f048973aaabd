import { useRef } from "preact/hooks";
import type { Incident } from "../model";

const SETTLE_MS = 600;

/**
 * Whether the first alarm may be acted on: not within a moment of its taking the place of another one that still
 * waits, so that a key pressed for the one acknowledges not the other.
 */
export function useSettled(first: Incident | null, waiting: Incident[]): () => boolean {
  const shown = useRef({ id: "", displacedAtMs: -Infinity });
  const id = first?.incident_id ?? "";
  if (id !== shown.current.id) {
    const displaced = waiting.some((incident) => incident.incident_id === shown.current.id);
    shown.current = { id, displacedAtMs: displaced ? performance.now() : -Infinity };
  }
  return () => performance.now() - shown.current.displacedAtMs > SETTLE_MS;
}
