// A page without a browser, in which one module of the console runs: its time passes when it is told to, and what it asks of
// the network, the microphone and other windows is answered by the test. In by stdin: {module, script, given}; `script` is the
// body of an async function of (m, page, given). Out: what it returns, as JSON.
import { readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const { source, module, script, given } = JSON.parse(readFileSync(0, "utf8"));
const { transformSync } = await import(createRequire(`${source}/x.js`).resolve("rolldown/utils"));

// The page's modules name one another without an ending, and workers by their address: its build knows both, Node does not.
registerHooks({
  resolve: (name, context, next) => name.endsWith("?worker&url") ? { url: "data:text/javascript,export default ''", shortCircuit: true }
    : next(/^\.{1,2}\/.*(?<!\.ts)$/.test(name) ? `${name}.ts` : name, context),
  load: (url, context, next) => url.endsWith(".ts")
    ? { format: "module", source: transformSync(url, readFileSync(new URL(url), "utf8"), { lang: "ts" }).code, shortCircuit: true }
    : next(url, context),
});

/** Whatever was promised meanwhile is kept. */
const settle = () => new Promise((done) => setImmediate(done));

class Time {
  nowMs = 0;
  timers = new Map();
  last = 0;

  after(act, ms, everyMs) {
    this.last += 1;
    this.timers.set(this.last, { act, atMs: this.nowMs + Math.max(ms ?? 0, everyMs === null ? 0 : 1), everyMs });
    return this.last;
  }

  async pass(ms) {
    const endMs = this.nowMs + ms;
    await settle();
    for (;;) {
      const [number, next] = [...this.timers].sort(([, a], [, b]) => a.atMs - b.atMs)[0] ?? [];
      if (!next || next.atMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      if (next.everyMs === null) this.timers.delete(number);
      else next.atMs += Math.max(1, next.everyMs);
      next.act(this.nowMs);
      await settle();
    }
    this.nowMs = endMs;
  }
}

const time = new Time();
const here = new EventTarget();

class Socket {
  static OPEN = 1;
  static all = [];
  readyState = 0;
  bufferedAmount = 0;
  sent = [];

  constructor(url) {
    this.url = url;
    Socket.all.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message) {
    if (this.readyState === 0) this.open();
    this.onmessage?.({ data: message instanceof ArrayBuffer ? message : JSON.stringify(message) });
  }

  send(data) {
    this.sent.push(typeof data === "string" ? JSON.parse(data) : data);
  }

  close(code = 1005) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    setImmediate(() => this.onclose?.({ code }));
  }
}

class Channel {
  static all = [];
  said = [];

  constructor(name) {
    this.name = name;
    Channel.all.push(this);
  }

  postMessage(data) {
    this.said.push(data);
  }

  close() {}
}

/** Its word is what the test says it is. */
class Worker {
  postMessage() {}
  terminate() {}
}

/** A sound device, or a part of one: it takes everything, and gives what the test hands to `port`. */
class Audio {
  static nodes = [];
  state = "running";
  currentTime = 0;
  audioWorklet = { addModule: async () => undefined };
  port = { onmessage: null, postMessage: () => undefined };

  constructor(_, name) {
    if (name) Audio.nodes.push(this);
  }

  async resume() {}
  async close() {}
  createMediaStreamSource() {
    return new Audio();
  }
  connect() {}
}

/** A microphone is given when the test lets go of it. */
const asked = [];
const tracks = [];
const mediaDevices = Object.assign(new EventTarget(), {
  getUserMedia: () => new Promise((give, refuse) => asked.push({
    give: () => {
      const track = { on: true, stop: () => (track.on = false) };
      tracks.push(track);
      give({ getTracks: () => [track] });
    },
    refuse: (name) => refuse(new DOMException("", name)),
  })),
});

const page = {
  sockets: Socket.all, channels: Channel.all, nodes: Audio.nodes, asked, tracks, settle,
  pass: (ms) => time.pass(ms),
  /** Time passes and no timer runs: a page that is hidden. */
  skip: (ms) => {
    time.nowMs += ms;
    return settle();
  },
  /** Another module of the page, as the one that is driven knows it. */
  module: (name) => import(pathToFileURL(`${source}/src/${name}`).href),
  /** Answers a request: {status, body}. */
  answer: () => ({ status: 200, body: {} }),
  tell: (event) => here.dispatchEvent(new Event(event)),
};

const document = Object.assign(new EventTarget(), { hidden: false, querySelector: () => null });
for (const [name, value] of Object.entries({
  window: globalThis, document, location: { protocol: "https:", host: "console.example" }, isSecureContext: true,
  navigator: { mediaDevices }, WebSocket: Socket, BroadcastChannel: Channel, Worker, AudioContext: Audio, AudioWorkletNode: Audio,
  performance: { now: () => time.nowMs, timeOrigin: 0 }, localStorage: new Map(),
  addEventListener: here.addEventListener.bind(here), removeEventListener: here.removeEventListener.bind(here),
  setTimeout: (act, ms) => time.after(act, ms, null), setInterval: (act, ms) => time.after(act, ms, ms),
  clearTimeout: (number) => time.timers.delete(number), clearInterval: (number) => time.timers.delete(number),
  requestAnimationFrame: (act) => time.after(act, 16, null), cancelAnimationFrame: (number) => time.timers.delete(number),
  fetch: async (address) => {
    const { status, body } = page.answer(String(address));
    return new Response(JSON.stringify(body), { status });
  },
})) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

const m = await import(pathToFileURL(`${source}/src/${module}`).href);
const run = new (Object.getPrototypeOf(async () => undefined).constructor)("m", "page", "given", script);
const found = await run(m, page, given);
process.stdout.write(JSON.stringify(found ?? null));
process.exit(0);
