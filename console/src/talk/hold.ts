import type { Talker } from "./talker";

/** By what somebody holds the floor: the space bar, or a mouse or finger. */
export type Grip = { key: "Space" } | { pointerId: number };

let holding: Talker | null = null;

/** Whether it is held now. */
export function isHeld(talker: Talker | null): boolean {
  return talker !== null && holding === talker;
}

/** Be heard until it is let go, wherever that is: the panel in which it began may have given way to another by then. */
export function hold(talker: Talker, aloud: boolean, grip: Grip): void {
  if (holding || talker.talk.get().wish !== null) return;
  holding = talker;
  talker.start("push", aloud);
  const over = new AbortController();
  const letGo = (): void => {
    over.abort();
    holding = null;
    if (talker.talk.get().wish === "push") talker.stop();
  };
  const told = { capture: true, signal: over.signal };
  if ("key" in grip) {
    addEventListener("keyup", (event) => {
      if (event.code !== grip.key) return;
      event.preventDefault();
      letGo();
    }, told);
  } else {
    for (const name of ["pointerup", "pointercancel"] as const) addEventListener(name, (event) => event.pointerId === grip.pointerId && letGo(), told);
  }
  // What is let go in another window is never told.
  addEventListener("blur", (event) => event.target === window && letGo(), told);
  document.addEventListener("visibilitychange", letGo, told);
}
