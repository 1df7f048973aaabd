import { Talker } from "./talker";

/** A panel that takes the place of another one, as when the officer presses the alarm, does so at once. */
const KEPT_MS = 300;

interface Held {
  talker: Talker;
  users: number;
  closing: ReturnType<typeof setTimeout> | undefined;
}

const held = new Map<string, Held>();

/** The talk with a unit: the one that is there goes on, whichever panel it is in. Each is given back once. */
export function takeTalker(unitId: string): Talker {
  for (const other of held.keys()) if (other !== unitId && held.get(other)?.users === 0) close(other);
  const one = held.get(unitId) ?? { talker: new Talker(unitId), users: 0, closing: undefined };
  clearTimeout(one.closing);
  one.users += 1;
  held.set(unitId, one);
  return one.talker;
}

/** The panel has gone: so does the talk, unless another panel takes it now. */
export function giveBackTalker(unitId: string): void {
  const one = held.get(unitId);
  if (!one) return;
  one.users -= 1;
  if (one.users === 0) one.closing = setTimeout(() => close(unitId), KEPT_MS);
}

function close(unitId: string): void {
  const one = held.get(unitId);
  held.delete(unitId);
  clearTimeout(one?.closing);
  one?.talker.close();
}
