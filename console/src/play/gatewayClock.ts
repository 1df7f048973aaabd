/** So many answers are compared: the way of the quickest was the straightest. */
const KEPT = 16;

/** The gateway's clock as seen from here: by questions and answers on one socket, never by this machine's time of day. */
export class GatewayClock {
  private readonly answers: { wayMs: number; aheadMs: number }[] = [];
  private toldAheadMs: number | null = null;

  /** What the gateway said without being asked: good until the first answer. */
  told(gatewayMs: number, arrivedMs: number): void {
    this.toldAheadMs ??= gatewayMs - arrivedMs;
  }

  answer(askedMs: number, arrivedMs: number, gatewayMs: number): void {
    const wayMs = arrivedMs - askedMs;
    this.answers.push({ wayMs, aheadMs: gatewayMs + wayMs / 2 - arrivedMs });
    if (this.answers.length > KEPT) this.answers.shift();
  }

  /** The gateway's time at a moment of `performance.now()`; null: not known yet. */
  at(pageMs: number): number | null {
    if (this.answers.length === 0) return this.toldAheadMs === null ? null : pageMs + this.toldAheadMs;
    return pageMs + this.answers.reduce((best, one) => (one.wayMs < best.wayMs ? one : best)).aheadMs;
  }

  /** Half the quickest way there and back: so far the time may be off. */
  get uncertainMs(): number {
    return this.answers.length === 0 ? Infinity : Math.min(...this.answers.map((one) => one.wayMs)) / 2;
  }
}
