import { Store } from "./stores";

/**
 * One live sound at a time, in all windows of this browser: two officers at once are not understood, and the same one from two
 * windows is an echo. Whoever takes it last has it.
 */
export interface Listening {
  /** The unit that is listened to in this window; null: none. */
  unitId: string | null;
  /** It has an alarm: another does not take it away. */
  alarmed: boolean;
  /** Another window listens. */
  elsewhere: boolean;
}

export const listening = new Store<Listening>({ unitId: null, alarmed: false, elsewhere: false });

const channel = "BroadcastChannel" in window ? new BroadcastChannel("tipstaff.listening") : null;
if (channel) channel.onmessage = ({ data }: MessageEvent<boolean>) => listening.set({ unitId: null, alarmed: false, elsewhere: data });

export function listenTo(unitId: string, alarmed: boolean): void {
  listening.set({ unitId, alarmed, elsewhere: false });
  channel?.postMessage(true);
}

/** Because its picture was opened: an alarm goes before what is none, and never before another alarm. */
export function listenIfFree(unitId: string, alarmed: boolean): void {
  const now = listening.get();
  if (now.unitId === null || (alarmed && !now.alarmed)) listenTo(unitId, alarmed);
}

export function stopListening(unitId: string): void {
  if (listening.get().unitId !== unitId) return;
  listening.set({ unitId: null, alarmed: false, elsewhere: false });
  channel?.postMessage(false);
}
