import { Store } from "../stores";

/** The unit to which this window speaks, or is about to; null: none. Who speaks is not torn away by an alarm. */
export const speakingTo = new Store<string | null>(null);
