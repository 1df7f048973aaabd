import { sessionIsGone } from "../api";
import type { ServerMessage } from "../model";
import { backOffMs } from "../reconnecting";
import { Store } from "../stores";
import { First } from "./first";
import { liveAddress, takeGreeting } from "./greeting";
import { apply, EMPTY, picture } from "./picture";
import { Second } from "./second";
import { freshness, startWatchdog } from "./watchdog";

const CONNECT_WITHIN_MS = 5000;
const CLOSED_AUTH_GONE = 4401;

/** Connection attempts since the gateway was last heard; shown when the picture is lost. */
export const attempts = new Store(0);

/**
 * Keeps the page's one WebSocket open for as long as somebody is signed in: snapshot, deltas, ticks in;
 * the last number seen out. Returns what ends it.
 */
export function openChannel(onSignedOut: () => void): () => void {
  const watchdog = startWatchdog();
  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  /** The smallest (arrival - server clock) of this connection: what a message without delay has. */
  let leastOffsetMs = Infinity;
  const second = new Second((message, arrivedMs) => picture.update((old) => apply(old, message, arrivedMs)));
  const first = new First<ServerMessage>((message, arrivedMs) => second.take(message, arrivedMs));

  function connect(): void {
    leastOffsetMs = Infinity;
    first.clear();
    second.clear();
    const greeting = takeGreeting();
    const mine = greeting?.socket ?? new WebSocket(liveAddress());
    socket = mine;
    const giveUp = setTimeout(() => abandon(mine), CONNECT_WITHIN_MS);
    mine.onmessage = (event: MessageEvent<string>) => {
      if (socket !== mine) return;
      clearTimeout(giveUp);
      const arrivedMs = performance.now();
      const message = JSON.parse(event.data) as ServerMessage;
      const offsetMs = arrivedMs - message.now_ms;
      leastOffsetMs = Math.min(leastOffsetMs, offsetMs);
      watchdog.heard(offsetMs - leastOffsetMs);
      first.take(message, arrivedMs);
      attempts.set(0);
      mine.send(JSON.stringify({ t: "seen", seq: message.seq }));
    };
    mine.onclose = (event) => {
      clearTimeout(giveUp);
      if (socket === mine) lostConnection(event.code);
    };
    for (const event of greeting?.came ?? []) mine.onmessage?.(event);
  }

  /** A socket that says nothing is not closed by itself for minutes: leave it and open another. */
  function abandon(dead: WebSocket): void {
    if (socket !== dead) return;
    dead.close();
    lostConnection(0);
  }

  function lostConnection(code: number): void {
    socket = null;
    if (ended) return;
    if (code === CLOSED_AUTH_GONE) {
      onSignedOut();
      return;
    }
    const tried = attempts.get();
    attempts.set(tried + 1);
    retry = setTimeout(connect, backOffMs(tried));
    // A refused handshake looks like any other failure here, so ask whether the session still holds.
    if (tried > 0) void sessionIsGone().then((gone) => gone && !ended && onSignedOut());
  }

  const unsubscribe = freshness.subscribe(() => {
    // A new socket is given CONNECT_WITHIN_MS for its snapshot; one that has spoken is given up when it is lost.
    if (freshness.get().state === "lost" && socket && leastOffsetMs !== Infinity) abandon(socket);
  });
  connect();
  return () => {
    ended = true;
    unsubscribe();
    clearTimeout(retry);
    socket?.close();
    first.stop();
    watchdog.stop();
    second.clear();
    picture.set(EMPTY);
    attempts.set(0);
  };
}
