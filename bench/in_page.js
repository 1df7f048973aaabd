// Put into every page that `tipstaff bench console` opens, before the page's own scripts.
// A time is taken when it can be seen: at the start of the second frame after the change, when the first is drawn.
(() => {
  const wallMs = () => performance.timeOrigin + performance.now();
  const onceDrawn = (then) => requestAnimationFrame(() => requestAnimationFrame(() => then(wallMs())));

  /** Frames of `forMs`: how many a second, and how long the slow ones were. */
  function frames(forMs) {
    return new Promise((resolve) => {
      const times = [];
      const count = (atMs) => {
        times.push(atMs);
        if (atMs - times[0] < forMs) requestAnimationFrame(count);
        else resolve(times.slice(1).map((time, i) => time - times[i]));
      };
      requestAnimationFrame(count);
    });
  }

  /** The next element of `selector` with another `data-incident` than any before: its name, and when it was drawn. */
  const seen = new Set();
  function nextIncident(selector) {
    return new Promise((resolve) => {
      const look = () => {
        for (const element of document.querySelectorAll(selector)) {
          const name = element.dataset.incident;
          if (!name || seen.has(name)) continue;
          seen.add(name);
          watcher.disconnect();
          onceDrawn((atMs) => resolve([name, atMs]));
          return;
        }
      };
      const watcher = new MutationObserver(look);
      watcher.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-incident"] });
      look();
    });
  }

  /** Milliseconds from the start of the navigation until the picture is live, and counts and draws `units` units. */
  function liveWith(units) {
    return new Promise((resolve) => {
      const look = () => {
        const live = document.querySelector("[data-live=live]");
        const shown = document.querySelector("[data-count=online] b")?.textContent.replace(/\D/g, "");
        const drawn = document.querySelector(".map-canvas canvas") && document.querySelector(".map-canvas").dataset.units;
        if (live && Number(drawn) >= units && Number(shown) >= units) onceDrawn((atMs) => resolve(atMs - performance.timeOrigin));
        else requestAnimationFrame(look);
      };
      look();
    });
  }

  /** When the gateway committed each incident as it was first heard of, UTC ms by its own clock. */
  const committed = new Map();
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string" || !data.startsWith('{"t":"incident"')) return;
        const { committed_ms, incident } = JSON.parse(data);
        if (!committed.has(incident.incident_id)) committed.set(incident.incident_id, committed_ms);
      });
    }
  };
  const committedMs = (name) => committed.get(name);

  // What is heard, for `scene`: everything that goes to a loudspeaker goes to an ear as well.
  const ears = new Map();
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      if (!ears.has(to)) ears.set(to, new AnalyserNode(to.context, { fftSize: 8192 }));
      connect.call(this, ears.get(to));
    }
    return connect.call(this, to, ...rest);
  };

  /** Where a beep of 1 kHz begins in what the ear heard last: wall time; null: nowhere. */
  const WINDOW_S = 0.008, LOUD = 0.1;
  function beepMs(ear) {
    const { context } = ear;
    const heard = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(heard);
    const endMs = wallMs() + 1000 * (context.outputLatency || context.baseLatency || 0);
    const size = Math.round(WINDOW_S * context.sampleRate), turn = (2 * Math.PI * 1000) / context.sampleRate;
    let before = null;
    for (let at = 0; at + size <= heard.length; at += size / 8 | 0) {
      let re = 0, im = 0;
      for (let i = 0; i < size; i += 1) {
        re += heard[at + i] * Math.cos(turn * i);
        im += heard[at + i] * Math.sin(turn * i);
      }
      const loud = (2 * Math.hypot(re, im)) / size;
      if (before !== null && before < LOUD && loud >= LOUD) return endMs - (1000 * (heard.length - at - size / 2)) / context.sampleRate;
      before = loud;
    }
    return null;
  }

  /** Of a canvas, or of what a video shows. */
  const sizeOf = (screen) => ({ width: screen.videoWidth ?? screen.width, height: screen.videoHeight ?? screen.height });

  /** The pictures on a canvas or video for `forMs`, as [when it could be seen, its cells], and when beeps were heard. */
  function scene(selector, forMs) {
    return new Promise((resolve) => {
      const pictures = [], beeps = [], begunMs = performance.now();
      let last = "", pending = null;
      const look = () => {
        if (pending !== null) pictures.push([wallMs(), pending]);
        pending = null;
        const canvas = document.querySelector(selector);
        const cells = canvas && sizeOf(canvas).width && cellsOf(canvas);
        if (cells && cells !== last) pending = last = cells;
        for (const ear of ears.values()) {
          const ms = ear.context.state === "running" ? beepMs(ear) : null;
          if (ms !== null && ms - (beeps.at(-1) ?? 0) > 500) beeps.push(ms);
        }
        if (performance.now() - begunMs < forMs) requestAnimationFrame(look);
        else resolve({ pictures, beeps });
      };
      look();
    });
  }

  /** The 4 x 20 cells of simulator/scene.py, as levels in hex. */
  const small = new OffscreenCanvas(20, 4).getContext("2d", { willReadFrequently: true });
  function cellsOf(canvas) {
    const { width, height } = sizeOf(canvas);
    small.imageSmoothingEnabled = false;
    small.drawImage(canvas, 0, 0, width, height * 0.2, 0, 0, 20, 4);
    let cells = "";
    const { data } = small.getImageData(0, 0, 20, 4);
    for (let i = 0; i < data.length; i += 4) cells += data[i].toString(16).padStart(2, "0");
    return cells;
  }

  window.bench = { committedMs, wallMs, onceDrawn, frames, nextIncident, liveWith, scene };
})();
