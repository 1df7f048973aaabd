import { currentSession, Refused, unitNow } from "./api";
import type { User } from "./model";

const BACK_OFF_MS = [200, 500, 1000, 2000, 4000];
const LAST_MS = 4000;

/** How long to wait before another attempt, after so many; never all of them at the same moment. */
export function backOffMs(tried: number): number {
  return (BACK_OFF_MS[tried] ?? LAST_MS) * (0.75 + Math.random() / 2);
}

/** The session or the right has gone: there is no use in trying again. Or the gateway has too many at the moment. */
export type Barred = "session" | "rights" | "crowded";

/**
 * Why a unit's socket was not accepted, of which a browser tells nothing; null: the gateway did not answer. `may`: whether
 * this person may open it at all, besides seeing the unit.
 */
export async function whyBarred(unitId: string, may?: (user: User) => boolean): Promise<Barred | null> {
  try {
    await unitNow(unitId);
    const session = may && (await currentSession());
    return session && !may(session.user) ? "rights" : "crowded";
  } catch (error) {
    const status = error instanceof Refused ? error.status : 0;
    if (status === 401) return currentSession().then((session) => (session ? null : "session"), () => null);
    return status === 403 || status === 404 ? "rights" : null;
  }
}
