/**
 * The first connection and its watchdog, begun before there is a page to show it: this file is one of its own, without
 * imports, and the first script of the page. Without a session the gateway refuses, and nothing is lost.
 */

/** What comes before somebody listens waits here. */
export interface Greeting {
  socket: WebSocket;
  came: MessageEvent<string>[];
}

let begun: Greeting | null = null;
let woken: Worker | null = null;

export function liveAddress(): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/live`;
}

/** Connect now, if there is no connection that waits. */
export function greet(): void {
  if (begun && isAlive(begun)) return;
  const greeting: Greeting = { socket: new WebSocket(liveAddress()), came: [] };
  greeting.socket.onmessage = (event: MessageEvent<string>) => greeting.came.push(event);
  begun = greeting;
}

/** What was begun, once, if it still lives. */
export function takeGreeting(): Greeting | null {
  const taken = begun;
  begun = null;
  return taken && isAlive(taken) ? taken : null;
}

/** The one that was begun, once; or another. */
export function takeWatchdog(): Worker {
  const taken = woken ?? makeWatchdog();
  woken = null;
  return taken;
}

function makeWatchdog(): Worker {
  return new Worker(new URL("./watchdog.worker.ts", import.meta.url), { type: "module" });
}

function isAlive({ socket }: Greeting): boolean {
  return socket.readyState <= WebSocket.OPEN;
}

greet();
woken = makeWatchdog();
