import type { ServerMessage } from "../model";

type Delta = Extract<ServerMessage, { t: "delta" }>;
type Show = (message: ServerMessage, arrivedMs: number) => void;

/** Units are shown as often; an incident at once. */
const EVERY_MS = 1000;

/** Deltas come ten times a second, so that each is read quickly, and are shown together. */
export class Second {
  private waiting: Delta | null = null;
  private arrivedMs = 0;
  private shownMs = -Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly show: Show) {}

  take(message: ServerMessage, arrivedMs: number): void {
    if (message.t === "snapshot") this.clear();
    if (message.t !== "delta") {
      this.show(message, arrivedMs);
      if (message.t === "snapshot") this.shownMs = arrivedMs;
      return;
    }
    this.arrivedMs = arrivedMs;
    this.waiting = this.waiting ? together(this.waiting, message) : message;
    const leftMs = this.shownMs + EVERY_MS - arrivedMs;
    if (leftMs <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), leftMs);
  }

  /** Forget what was not shown: a snapshot follows. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = null;
    this.shownMs = -Infinity;
  }

  private flush(): void {
    const message = this.waiting;
    this.clear();
    this.shownMs = performance.now();
    if (message) this.show(message, this.arrivedMs);
  }
}

/** Two deltas as one: of what is in both, the later comes last and stays. */
function together(first: Delta, then: Delta): Delta {
  const courts = [...(first.courts ?? []), ...(then.courts ?? [])];
  return {
    ...first, ...then,
    units: [...(first.units ?? []), ...(then.units ?? [])],
    ...(courts.length > 0 && { courts }),
  };
}
