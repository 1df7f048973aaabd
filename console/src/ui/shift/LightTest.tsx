import { useEffect, useState } from "preact/hooks";
import { useWords } from "../../i18n";
import { Shape } from "../Shapes";

const SHOWN_MS = 4000;

/** The alarm's own colour and flashing for a moment, marked as a test. Steady where motion is not wanted. */
export function LightTest({ onShown }: { onShown: () => void }) {
  const w = useWords();
  const [on, setOn] = useState(false);
  useEffect(() => {
    if (!on) return;
    const timer = setTimeout(() => setOn(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [on]);
  return (
    <>
      <button type="button" class="button primary" data-shift="light" disabled={on} onClick={() => { setOn(true); onShown(); }}>{w.showLight}</button>
      <span class={on ? "light light-on" : "light"} data-light={on}><Shape kind="alarm" />{w.lightTest}</span>
    </>
  );
}
