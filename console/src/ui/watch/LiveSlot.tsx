import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { type Incident, isOpen, isTest } from "../../model";
import { lazily } from "../lazily";

const load = () => import("./LiveView");
const LiveView = lazily(load, () => <><div class="watch-before" aria-busy="true" /><div class="watch-bar-before" /></>);

/** Have it at hand before the first alarm needs it. */
export function fetchLiveView(): void {
  void load().catch(() => undefined);
}

interface Props {
  unitId: string;
  name: string;
  online: boolean;
  incident?: Incident | null;
  may?: boolean;
  lost: boolean;
}

/** The live picture's place in a panel: an open alarm opens it by itself, else there is a button. */
export function LiveSlot({ unitId, name, online, incident = null, may = false, lost }: Props) {
  const w = useWords();
  const calls = incident !== null && isOpen(incident) && !isTest(incident);
  const [open, setOpen] = useState(calls);
  useEffect(() => setOpen(calls), [calls, unitId]);
  if (!open) {
    if (incident !== null && !isOpen(incident)) return null;
    return <div class="acts"><button type="button" class="button" data-live-act="open" disabled={!online} title={online ? undefined : w.watch.offline} onClick={() => setOpen(true)}>{w.watch.open}</button></div>;
  }
  return <LiveView key={unitId} unitId={unitId} name={name} incident={incident} may={may} lost={lost} onClose={() => setOpen(false)} />;
}
