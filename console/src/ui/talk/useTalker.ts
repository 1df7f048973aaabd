import { useEffect, useState } from "preact/hooks";
import { Store, useStore } from "../../stores";
import { type Talk, Talker } from "../../talk/talker";

const NOTHING = new Store<Talk | null>(null);

/** The talk with a unit, as long as its panel is in sight. */
export function useTalker(unitId: string): { talker: Talker | null; talk: Talk | null } {
  const [talker, setTalker] = useState<Talker | null>(null);
  useEffect(() => {
    const made = new Talker(unitId);
    setTalker(made);
    return () => {
      setTalker(null);
      made.close();
    };
  }, [unitId]);
  const talk = useStore<Talk | null>((talker?.talk as Store<Talk | null> | undefined) ?? NOTHING);
  return { talker, talk };
}
