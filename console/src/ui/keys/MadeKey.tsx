import { useEffect, useRef, useState } from "preact/hooks";
import type { MadeStreamKey, RtspDoor } from "../../api";
import { useWords } from "../../i18n";
import { picture } from "../../live/picture";

/** A key that was just made: as the address to give to a wall. It is gone once this is closed. */
export function MadeKey({ made, rtsp, onDone }: { made: MadeStreamKey; rtsp: RtspDoor; onDone: () => void }) {
  const w = useWords();
  const [unitId, setUnitId] = useState(made.unit_id ?? "");
  const [said, setSaid] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  const host = location.hostname.includes(":") && !location.hostname.startsWith("[") ? `[${location.hostname}]` : location.hostname;
  const port = rtsp.port === null ? "" : `:${rtsp.port}`;
  const url = `${rtsp.encrypted ? "rtsps" : "rtsp"}://${encodeURIComponent(made.login)}:${made.key}@${host}${port}/units/${unitId.trim() || w.keys.unknownUnit}`;

  function copy(): void {
    field.current?.select();
    const done = navigator.clipboard?.writeText(url) ?? Promise.reject(new Error("no clipboard"));
    done.then(() => setSaid(w.keys.copied), () => setSaid(w.keys.copyFailed));
  }

  return (
    <section ref={box} class="made-key" tabIndex={-1} aria-labelledby="made-key-title" data-made-key={made.key_id}>
      <h3 id="made-key-title"><bdi>{made.note}</bdi></h3>
      <p role="status"><strong>{w.keys.made}</strong></p>
      {made.unit_id === null && (
        <label class="filter"><span>{w.keys.addressOf}</span>
          <input name="made-unit" value={unitId} maxLength={32} spellcheck={false} list="made-units" onInput={(event) => { setUnitId(event.currentTarget.value); setSaid(""); }} /></label>
      )}
      {made.unit_id === null && <datalist id="made-units">{[...picture.get().units.keys()].slice(0, 50).map((one) => <option key={one} value={one} />)}</datalist>}
      <label class="made-url"><span class="dim">{w.keys.address}</span>
        <input ref={field} name="made-url" readOnly value={url} onFocus={(event) => event.currentTarget.select()} /></label>
      <p class="acts">
        <button type="button" class="button primary" data-key-act="copy" onClick={copy}>{w.keys.copy}</button>
        <button type="button" class="button" data-key-act="done" onClick={onDone}>{w.keys.done}</button>
        <span role="status">{said}</span>
      </p>
      <p class="dim">{w.keys.h264}{rtsp.port === null && ` ${w.keys.portUnknown}`}</p>
    </section>
  );
}
