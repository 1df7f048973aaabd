import { useLayoutEffect, useState } from "preact/hooks";
import { Store, useStore } from "../../stores";
import type { Talk, Talker } from "../../talk/talker";
import { giveBackTalker, takeTalker } from "../../talk/talkers";

const NOTHING = new Store<Talk | null>(null);

/** The talk with a unit, as long as a panel of it is in sight. Before the browser paints: a talk that goes on has no gap. */
export function useTalker(unitId: string): { talker: Talker | null; talk: Talk | null } {
  const [talker, setTalker] = useState<Talker | null>(null);
  useLayoutEffect(() => {
    setTalker(takeTalker(unitId));
    return () => {
      setTalker(null);
      giveBackTalker(unitId);
    };
  }, [unitId]);
  const talk = useStore<Talk | null>((talker?.talk as Store<Talk | null> | undefined) ?? NOTHING);
  return { talker, talk };
}
