import { soundDevice, volume, VOLUME_PCT } from "./choices";
import { Store } from "./stores";
import { ALARM_HZ, ALARM_LOOP_S, STEP_S, tone } from "./tone";

/**
 * The alarm tone. A browser allows sound only after a gesture and says nothing when it does not, so the
 * page shows "off" until somebody has tested it, and "refused" when the browser would not even then. The tone is
 * one looped buffer: no timer that a browser could slow down. Which window of a desk sounds: `sounding.ts`.
 */
export type SoundState = "off" | "on" | "ringing" | "refused" | "failed";

export const sound = new Store<SoundState>("off");
/** The chosen loudspeaker could not be used: "gone" (unplugged), "fixed" (this browser cannot choose); else null. */
export const deviceFault = new Store<"gone" | "fixed" | null>(null);

const OPEN_WITHIN_MS = 1500;

/** Not yet in every browser, nor in TypeScript's own list. */
type Choosable = AudioContext & { sinkId?: string; setSinkId?: (id: string) => Promise<void> };

let context: Choosable | null = null;
let master: GainNode | null = null;
let alarmLoop: AudioBufferSourceNode | null = null;
let wanted = false;
let turn = true;

/** From a click: opens the sound device and plays the tone once, so that a person hears that it works. */
export async function testSound(): Promise<void> {
  try {
    const opened = context ?? open();
    await Promise.race([opened.resume(), new Promise((done) => setTimeout(done, OPEN_WITHIN_MS))]);
    await useDevice();
    if (opened.state !== "running") {
      sound.set("refused");
      return;
    }
    once([660, 880], 0.25);
  } catch {
    sound.set("failed");
    return;
  }
  settle();
}

/** The page's one sound device, if a person has tested it: whatever else sounds goes by the same loudspeaker. */
export function soundDeviceNow(): AudioContext | null {
  return context?.state === "running" ? context : null;
}

function open(): Choosable {
  const opened: Choosable = new AudioContext();
  opened.onstatechange = settle;
  opened.addEventListener("error", () => sound.set("failed"));
  master = new GainNode(opened, { gain: gainOf(volume.get()) });
  master.connect(opened.destination);
  context = opened;
  return opened;
}

volume.subscribe(() => {
  if (master) master.gain.value = gainOf(volume.get());
});
soundDevice.subscribe(() => void useDevice());
if ("mediaDevices" in navigator) navigator.mediaDevices.addEventListener("devicechange", () => void useDevice());

/** Alarms must sound: when the chosen loudspeaker is gone, the system's own is used, and it is said. */
async function useDevice(): Promise<void> {
  if (!context) return;
  const wantedId = soundDevice.get();
  if (!context.setSinkId) {
    deviceFault.set(wantedId ? "fixed" : null);
    return;
  }
  try {
    // Chosen again, the device that it has would be opened anew, and may fail at that.
    if (context.sinkId !== wantedId) await context.setSinkId(wantedId);
    deviceFault.set(null);
  } catch {
    await context.setSinkId("").catch(() => undefined);
    deviceFault.set("gone");
  }
}

/** Sound the alarm, or stop. Takes effect as soon as the sound device is open and it is this window's turn. */
export function ring(on: boolean): void {
  wanted = on;
  settle();
}

/** Whether this window is the one of the desk that sounds. */
export function setTurn(mine: boolean): void {
  turn = mine;
  settle();
}

/** A short, different tone: a test alarm came, the connection was lost (falling) or came back (rising). */
export function chime(kind: "test" | "lost" | "back"): void {
  if (context?.state !== "running" || !turn) return;
  once(kind === "lost" ? [520, 390, 300] : kind === "back" ? [390, 520] : [740], 0.12);
}

function settle(): void {
  if (!context || !master) return;
  if (context.state !== "running") {
    stopLoop();
    if (sound.get() !== "failed") sound.set("off");
    return;
  }
  const rings = wanted && turn;
  if (rings && !alarmLoop) {
    alarmLoop = new AudioBufferSourceNode(context, { buffer: tone(context, ALARM_HZ, ALARM_LOOP_S, 0.5), loop: true });
    alarmLoop.connect(master);
    alarmLoop.start();
  }
  if (!rings) stopLoop();
  sound.set(rings ? "ringing" : "on");
}

function stopLoop(): void {
  alarmLoop?.stop();
  alarmLoop = null;
}

function once(steps_hz: number[], gain: number): void {
  if (!context || !master) return;
  const source = new AudioBufferSourceNode(context, { buffer: tone(context, steps_hz, steps_hz.length * STEP_S, gain) });
  source.connect(master);
  source.start();
}

/** Percent as a person hears it: half is about half as loud. */
function gainOf(percent: string): number {
  return ((Number(percent) || VOLUME_PCT.unset) / 100) ** 1.6;
}
