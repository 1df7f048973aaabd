import { picture } from "./picture";
import { freshness } from "./watchdog";

/** The watchdog answers within some ms; a page whose watchdog does not start shows its picture as a lost one. */
const WAIT_MS = 400;

/**
 * Passes messages on to `show`. The first picture of a page, and what comes right behind it, waits for the watchdog's word
 * that the gateway is heard: or all of it would be drawn as an old one, and a moment later again.
 */
export class First<M> {
  private waiting: [M, number][] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly unsubscribe = freshness.subscribe(() => freshness.get().state === "live" && this.release());

  constructor(private readonly show: (message: M, arrivedMs: number) => void) {}

  take(message: M, arrivedMs: number): void {
    if (this.waiting.length === 0 && (picture.get().known || freshness.get().state === "live")) {
      this.show(message, arrivedMs);
      return;
    }
    this.waiting.push([message, arrivedMs]);
    this.timer ??= setTimeout(() => this.release(), WAIT_MS);
  }

  private release(): void {
    const came = this.waiting;
    this.clear();
    for (const [message, arrivedMs] of came) this.show(message, arrivedMs);
  }

  /** Forget what was not shown: a snapshot follows. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting = [];
  }

  stop(): void {
    this.clear();
    this.unsubscribe();
  }
}
