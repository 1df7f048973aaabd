import { freshness } from "./live/watchdog";
import { setTurn, sound } from "./sound";
import { Store } from "./stores";

/**
 * Several windows of one desk, one of them sounding. The window that holds a Web Lock sounds; when it closes, the
 * browser gives the lock to the next. A window that is frozen, hangs or has lost the gateway holds it still, so each
 * window says once a second that it is well, and one that hears nothing for HAND_ON_MS takes the lock away.
 * Beats go by the watchdog's worker, which a browser does not slow down in the background.
 */
export interface Sounding {
  /** False where there are no Web Locks (plain http from another machine): then every window sounds. */
  shared: boolean;
  /** This window's number at this desk; 0 until it is known. */
  mine: number;
  /** Windows of this desk that were heard lately, this one among them. */
  windows: number;
  /** The number of the window that sounds; null: none. */
  holder: number | null;
}

const LOCK = "tipstaff.sounding";
const CHANNEL = "tipstaff.windows";
const WINDOWS_MOST = 32;
const BEAT_MS = 1000;
const HAND_ON_MS = 4000;

interface Beat {
  mine: number;
  sounds: boolean;
  live: boolean;
  gone?: boolean;
}

export const sounding = new Store<Sounding>({ shared: true, mine: 0, windows: 1, holder: null });

/** Take part for as long as somebody is signed in here. Returns what ends it. */
export function shareSound(): () => void {
  const locks = "locks" in navigator ? navigator.locks : null;
  if (!locks || !("BroadcastChannel" in window)) {
    sounding.set({ shared: false, mine: 0, windows: 1, holder: null });
    setTurn(true);
    return () => setTurn(true);
  }
  setTurn(false);
  const ended = new AbortController();
  const channel = new BroadcastChannel(CHANNEL);
  const others = new Map<number, Beat & { atMs: number }>();
  let mine = 0;
  let awake = true;
  let saidAtMs = -Infinity;
  let wellAtMs = performance.now();
  let asking: AbortController | null = null;
  let release: (() => void) | null = null;

  const canSound = (): boolean => awake && (sound.get() === "on" || sound.get() === "ringing");
  const live = (): boolean => freshness.get().state !== "lost";

  function show(): void {
    const holder = release ? mine : ([...others.values()].find((beat) => beat.sounds)?.mine ?? null);
    const old = sounding.get();
    const next = { shared: true, mine, windows: others.size + 1, holder };
    if (old.mine !== next.mine || old.windows !== next.windows || old.holder !== next.holder) sounding.set(next);
  }

  function say(gone = false): void {
    saidAtMs = performance.now();
    channel.postMessage({ mine, sounds: release !== null, live: live(), gone } satisfies Beat);
    show();
  }

  /** Wait for the lock, or take it away from a window that does not answer. */
  function ask(steal: boolean): void {
    asking?.abort();
    const mineToo = new AbortController();
    asking = mineToo;
    wellAtMs = performance.now();
    const options: LockOptions = steal ? { steal: true } : { signal: mineToo.signal };
    locks?.request(LOCK, options, () => new Promise<void>((done) => {
      if (asking !== mineToo || !canSound()) return done();
      release = done;
      setTurn(true);
      say();
    })).catch(() => undefined).finally(() => {
      if (asking !== mineToo) return;
      asking = null;
      if (release) leave();
      settle();
    });
  }

  function leave(): void {
    const held = release;
    release = null;
    setTurn(false);
    held?.();
    say();
  }

  function settle(): void {
    if (ended.signal.aborted) return;
    if (canSound() && !asking) ask(false);
    else if (!canSound() && asking) {
      const waiting = asking;
      asking = null;
      if (release) leave();
      waiting.abort();
    }
  }

  function beat(): void {
    const nowMs = performance.now();
    for (const [number, other] of others) if (nowMs - other.atMs > HAND_ON_MS) others.delete(number);
    if ([...others.values()].some((other) => other.sounds && other.live)) wellAtMs = nowMs;
    if (awake && nowMs - saidAtMs >= BEAT_MS) say();
    if (asking && !release && live() && nowMs - wellAtMs > HAND_ON_MS) ask(true);
    settle();
    show();
  }

  channel.onmessage = (event: MessageEvent<Beat>) => {
    const said = event.data;
    if (said.gone) others.delete(said.mine);
    else others.set(said.mine, { ...said, atMs: performance.now() });
    if (said.sounds && said.live) wellAtMs = performance.now();
    show();
  };
  const sleep = (): void => {
    awake = false;
    settle();
    say(true);
  };
  const wake = (): void => {
    awake = true;
    settle();
    say();
  };
  const { signal } = ended;
  document.addEventListener("freeze", sleep, { signal });
  document.addEventListener("resume", wake, { signal });
  addEventListener("pagehide", sleep, { signal });
  addEventListener("pageshow", wake, { signal });
  const unsubscribe = [freshness.subscribe(beat), sound.subscribe(settle)];
  void takeNumber(locks, ended.signal, (number) => {
    mine = number;
    say();
  });
  settle();

  return () => {
    say(true);
    for (const one of unsubscribe) one();
    asking?.abort();
    asking = null;
    release?.();
    ended.abort();
    channel.close();
    setTurn(true);
  };
}

/** The smallest number that no other window has, held until the end. */
async function takeNumber(locks: LockManager, ended: AbortSignal, have: (number: number) => void): Promise<void> {
  for (let number = 1; number <= WINDOWS_MOST && !ended.aborted; number += 1) {
    const held = new Promise<boolean>((answer) => {
      void locks.request(`tipstaff.window.${number}`, { ifAvailable: true }, (lock) => {
        answer(lock !== null);
        return lock ? new Promise<void>((done) => ended.addEventListener("abort", () => done())) : undefined;
      });
    });
    if (await held) {
      have(number);
      return;
    }
  }
}
