/** The shapes of the page. A state is always a shape and a word; colour only repeats it. */
export type ShapeKind = "alarm" | "degraded" | "online" | "offline" | "moving" | "court" | "court-basic" | "court-off" | "cluster" | "track";

const PATHS: Record<ShapeKind, preact.JSX.Element> = {
  alarm: <path d="M8 1.5 15 14H1z" fill="currentColor" />,
  degraded: <path d="M8 2l6 6-6 6-6-6z" fill="currentColor" />,
  online: <circle cx="8" cy="8" r="4" fill="currentColor" />,
  offline: <circle cx="8" cy="8" r="4" fill="none" stroke="currentColor" stroke-width="1.5" />,
  moving: <path d="M8 1.5 13 14 8 11 3 14z" fill="currentColor" />,
  court: <rect x="2.5" y="2.5" width="11" height="11" fill="currentColor" />,
  "court-basic": <rect x="4" y="4" width="8" height="8" fill="none" stroke="currentColor" stroke-width="2" />,
  cluster: <><circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M6.6 6.4 8.2 5.2v5.8" fill="none" stroke="currentColor" stroke-width="1.3" /></>,
  track: <path d="M2 13c6 0 1-5.5 6-5.5S10 3 14 3" fill="none" stroke="currentColor" stroke-width="2" />,
  "court-off": <path d="M4 4h8v8H4zM3 13 13 3" fill="none" stroke="currentColor" stroke-width="1.5" />,
};

export function Shape({ kind }: { kind: ShapeKind }) {
  return <svg class={`shape shape-${kind}`} viewBox="0 0 16 16" aria-hidden="true">{PATHS[kind]}</svg>;
}

export function Speaker({ on }: { on: boolean }) {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.5">
      <path d="M2 6h3l3-3v10l-3-3H2z" fill="currentColor" />
      {on ? <path d="M10.5 5.5a3.5 3.5 0 0 1 0 5M12.5 3.5a6.5 6.5 0 0 1 0 9" /> : <path d="m11 6 4 4m0-4-4 4" />}
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2"
      stroke-linejoin="round" stroke-linecap="round">
      <path d="M16 4v23M9 28h14M6 8h20M6 8l-4 10h8zM26 8l-4 10h8z" />
    </svg>
  );
}
