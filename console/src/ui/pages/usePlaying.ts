import { useEffect, useRef, useState } from "preact/hooks";

export const SPEEDS = [1, 2, 5, 10, 20, 60] as const;
const FIRST_SPEED = 10;
/** The map is drawn as often; what moves once a second needs no more. */
const STEP_MS = 100;

export interface Player {
  atMs: number;
  playing: boolean;
  speed: number;
  seek: (atMs: number) => void;
  toggle: () => void;
  setSpeed: (speed: number) => void;
}

/** A clock that runs from one time to another at a speed that a person chooses, and stops at the end. */
export function usePlaying(fromMs: number, toMs: number, startMs: number): Player {
  const [atMs, setAt] = useState(startMs);
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(FIRST_SPEED);
  const at = useRef(startMs);

  function seek(next: number): void {
    at.current = Math.max(fromMs, Math.min(toMs, next));
    setAt(at.current);
  }

  useEffect(() => {
    if (!playing) return;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      seek(at.current + (now - before) * speed);
      before = now;
      if (at.current >= toMs) setPlaying(false);
    }, STEP_MS);
    return () => clearInterval(timer);
  }, [playing, speed, fromMs, toMs]);

  return {
    atMs, playing, speed, seek, setSpeed,
    toggle: () => {
      if (!playing && at.current >= toMs) seek(fromMs);
      setPlaying(!playing);
    },
  };
}
