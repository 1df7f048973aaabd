import { backOffMs, whyBarred } from "../reconnecting";
import { GatewayClock } from "./gatewayClock";
import { type LiveBlock, type LiveMessage, readBlock, readMessage, type Want } from "./liveMessages";

const CHECK_MS = 250;
/** The gateway says something every second: then its socket is old, and then it is given up. */
export const QUIET_MS = 2500;
const GIVEN_UP_MS = 5000;
const SEEN_EVERY_MS = 1000;
/** A few questions at once for the clock, then now and then. */
const PINGS_AT_ONCE = 5;
const PING_SOON_MS = 120;
const PING_MS = 2000;
const ASKED_MOST = 32;

export type Link =
  | { state: "connecting"; why: "first" | "lost" | "slow" | "crowded"; tried: number }
  | { state: "open" | "quiet" }
  /** It is not tried again. */
  | { state: "ended"; why: "session" | "rights" };

export interface Ears {
  block: (block: LiveBlock) => void;
  said: (message: LiveMessage) => void;
  link: (link: Link) => void;
}

const TOO_SLOW = 4008;
const SESSION_GONE = 4401;

/** One unit's live blocks over a socket that comes back by itself, with the gateway's clock. */
export class LiveSource {
  clock = new GatewayClock();
  private socket: WebSocket | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly checking: ReturnType<typeof setInterval>;
  private pinging: ReturnType<typeof setTimeout> | undefined;
  private readonly asked = new Map<number, number>();
  private pings = 0;
  private tried = 0;
  private heardMs = 0;
  private seenMs = 0;
  private number = 0;
  private wish: Want | null = null;
  private link: Link = { state: "connecting", why: "first", tried: 0 };
  private closed = false;

  constructor(private readonly unitId: string, private readonly ears: Ears) {
    this.checking = setInterval(() => this.check(), CHECK_MS);
    this.connect();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.checking);
    clearTimeout(this.retry);
    clearTimeout(this.pinging);
    this.leave();
  }

  /** Also of the connections to come. */
  want(wish: Want): void {
    this.wish = wish;
    this.send({ t: "want", ...wish });
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(`${scheme}//${location.host}/api/v1/units/${encodeURIComponent(this.unitId)}/live`);
    mine.binaryType = "arraybuffer";
    this.socket = mine;
    this.heardMs = performance.now();
    let opened = false;
    mine.onopen = () => {
      opened = true;
      this.clock = new GatewayClock();
      this.asked.clear();
      this.pings = 0;
      this.ping();
      if (this.wish) this.send({ t: "want", ...this.wish });
    };
    mine.onmessage = (event: MessageEvent<ArrayBuffer | string>) => this.socket === mine && this.hear(event.data);
    mine.onclose = (event) => this.socket === mine && this.lost(event.code, opened);
  }

  private hear(data: ArrayBuffer | string): void {
    this.heardMs = performance.now();
    this.tried = 0;
    this.tell({ state: "open" });
    const block = typeof data === "string" ? null : readBlock(data);
    if (block) this.number = block.number;
    this.acknowledge();
    if (block) this.ears.block(block);
    if (typeof data !== "string") return;
    const said = readMessage(data);
    if (said?.t === "hello") this.clock.told(said.now_ms, this.heardMs);
    if (said?.t === "pong") {
      const askedMs = this.asked.get(said.n);
      this.asked.delete(said.n);
      if (askedMs !== undefined) this.clock.answer(askedMs, this.heardMs, said.now_ms);
    }
    if (said) this.ears.said(said);
  }

  private check(): void {
    const nowMs = performance.now();
    const quietMs = nowMs - this.heardMs;
    if (this.socket && quietMs > GIVEN_UP_MS) {
      // A socket that says nothing is not closed by itself for minutes.
      this.leave();
      this.lost(0, true);
    } else if (this.link.state === "open" && quietMs > QUIET_MS) this.tell({ state: "quiet" });
    if (this.link.state === "open") this.acknowledge();
  }

  /** Also when something comes: the timers of a page that is hidden run once a minute, and who says nothing is cut off. */
  private acknowledge(): void {
    const nowMs = performance.now();
    if (nowMs - this.seenMs < SEEN_EVERY_MS) return;
    this.seenMs = nowMs;
    this.send({ t: "seen", number: this.number });
  }

  private lost(code: number, opened: boolean): void {
    this.socket = null;
    clearTimeout(this.pinging);
    if (this.closed) return;
    if (code === SESSION_GONE) return this.tell({ state: "ended", why: "session" });
    const tried = this.tried;
    this.tried += 1;
    this.number = 0;
    const before = this.link.state === "connecting" ? this.link.why : "lost";
    this.tell({ state: "connecting", why: code === TOO_SLOW ? "slow" : before, tried: this.tried });
    this.retry = setTimeout(() => this.connect(), backOffMs(tried));
    // A refused handshake looks like any other failure here.
    if (!opened) void this.askWhy();
  }

  private async askWhy(): Promise<void> {
    const why = await whyBarred(this.unitId);
    if (this.closed || this.link.state !== "connecting" || why === null) return;
    if (why === "crowded") return this.tell({ ...this.link, why });
    clearTimeout(this.retry);
    this.leave();
    this.tell({ state: "ended", why });
  }

  private ping(): void {
    this.pings += 1;
    if (this.asked.size >= ASKED_MOST) this.asked.clear();
    this.asked.set(this.pings, performance.now());
    this.send({ t: "ping", n: this.pings });
    this.pinging = setTimeout(() => this.ping(), this.pings < PINGS_AT_ONCE ? PING_SOON_MS : PING_MS);
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private leave(): void {
    const left = this.socket;
    this.socket = null;
    clearTimeout(this.pinging);
    left?.close();
  }

  private tell(link: Link): void {
    if (JSON.stringify(link) === JSON.stringify(this.link)) return;
    this.link = link;
    this.ears.link(link);
  }
}
