import { mayDirect } from "../model";
import { type Barred, backOffMs, whyBarred } from "../reconnecting";
import { Store } from "../stores";

export interface Person {
  login: string;
  name: string;
}

/** What the gateway says of the talk with one unit; docs/api.md has the members. */
export interface TalkState {
  t: "state";
  by: Person | null;
  since_ms: number | null;
  you: boolean;
  /** Of the `begin` by which you speak. */
  n: number | null;
  call: boolean;
  aloud: boolean;
  dropped: number;
  offer: { to: Person; by: Person; you: boolean; until_ms: number } | null;
  silent: boolean;
  online: boolean;
  speaker: "none" | "plays" | "silent";
  present: Person[];
  now_ms: number;
}

export interface Refusal {
  t: "refused";
  why: string;
  /** Of the `begin` that it answers or whose talk is over. */
  n?: number | null;
  by?: Person;
}

/** "session" and "rights" are not tried again. */
export type TalkLink = "connecting" | "open" | "lost" | Barred;

const SESSION_GONE = 4401;
/** The gateway says something once a second. */
const QUIET_MS = 3000;
/** 200 ms of speech: what waits longer in this browser would only come late. */
const WAITING_BYTES = 10 * 324;

/** The socket of one talk panel. */
export class TalkChannel {
  readonly state = new Store<TalkState | null>(null);
  readonly link = new Store<TalkLink>("connecting");
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tried = 0;
  private closed = false;

  constructor(private readonly unitId: string, private readonly refused: (refusal: Refusal) => void) {
    this.connect();
  }

  begin(n: number, aloud: boolean, call: boolean): void {
    this.say({ t: "begin", aloud, call, n });
  }

  end(): void {
    this.say({ t: "end" });
  }

  handOver(to: string): void {
    this.say({ t: "hand_over", to });
  }

  /** False: the link does not keep up, and it was left out. */
  speak(number: number, sound: Uint8Array<ArrayBuffer>): boolean {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > WAITING_BYTES) return false;
    const packet = new Uint8Array(4 + sound.length);
    new DataView(packet.buffer).setUint32(0, number);
    packet.set(sound, 4);
    socket.send(packet);
    return true;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private connect(): void {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/api/v1/units/${encodeURIComponent(this.unitId)}/talk`);
    this.socket = socket;
    this.heard(socket);
    let opened = false;
    socket.onopen = () => (opened = true);
    socket.onmessage = (event: MessageEvent<string>) => {
      if (this.socket !== socket) return;
      this.heard(socket);
      this.tried = 0;
      const message = JSON.parse(event.data) as TalkState | Refusal;
      if (message.t === "refused") this.refused(message);
      else {
        this.state.set(message);
        this.link.set("open");
      }
    };
    socket.onclose = ({ code }) => {
      if (this.socket !== socket || this.closed) return;
      if (code === SESSION_GONE) return this.ended("session");
      this.lost(socket);
      // A refused handshake looks like any other failure here.
      if (!opened) void this.askWhy();
    };
  }

  /** A socket that says nothing is not closed by itself for minutes. */
  private heard(socket: WebSocket): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      socket.close();
      this.lost(socket);
    }, QUIET_MS);
  }

  private lost(socket: WebSocket): void {
    if (this.socket !== socket || this.closed) return;
    this.socket = null;
    if (this.link.get() !== "crowded") this.link.set("lost");
    this.state.set(null);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), backOffMs(this.tried));
    this.tried += 1;
  }

  private async askWhy(): Promise<void> {
    const why = await whyBarred(this.unitId, mayDirect);
    if (this.closed || this.link.get() === "open" || why === null) return;
    if (why === "crowded") this.link.set(why);
    else this.ended(why);
  }

  private ended(why: "session" | "rights"): void {
    clearTimeout(this.timer);
    const left = this.socket;
    this.socket = null;
    left?.close();
    this.link.set(why);
    this.state.set(null);
  }
}
