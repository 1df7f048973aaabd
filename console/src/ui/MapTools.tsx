import { useEffect, useRef, useState } from "preact/hooks";
import { baseMap, hiddenOverlays, nightTiles, trackShown } from "../desk/choices";
import { language, useWords } from "../i18n";
import type { Problems } from "../map/baseMaps";
import type { MapLayer } from "../model";
import { useStore } from "../stores";

interface Props {
  layers: readonly MapLayer[];
  problems: Problems;
  measuring: boolean;
  onZoom: (by: number) => void;
  onFitAll: () => void;
  onMeasure: () => void;
}

export function MapTools({ layers, problems, measuring, onZoom, onFitAll, onMeasure }: Props) {
  const w = useWords();
  const track = useStore(trackShown);
  const [choosing, setChoosing] = useState(false);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!choosing) return;
    const elsewhere = (event: Event): void => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !box.current?.contains(event.target as Node)) {
        if (event instanceof KeyboardEvent) event.stopPropagation();
        setChoosing(false);
      }
    };
    window.addEventListener("pointerdown", elsewhere, true);
    window.addEventListener("keydown", elsewhere, true);
    return () => {
      window.removeEventListener("pointerdown", elsewhere, true);
      window.removeEventListener("keydown", elsewhere, true);
    };
  }, [choosing]);

  return (
    <div class="map-tools" ref={box} role="group" aria-label={w.desk.mapTools}>
      <button type="button" class="tool" onClick={() => onZoom(1)} aria-label={w.zoomIn} title={w.zoomIn}>+</button>
      <button type="button" class="tool" onClick={() => onZoom(-1)} aria-label={w.zoomOut} title={w.zoomOut}>−</button>
      <button type="button" class="tool" onClick={onFitAll} aria-label={w.fitAll} title={w.fitAll}><Icon d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" /></button>
      <button type="button" class="tool" data-tool="measure" aria-pressed={measuring} onClick={onMeasure} aria-label={w.desk.measure} title={w.desk.measureKey}>
        <Icon d="M1.5 10.5 10.5 1.5l4 4-9 9zM4 8l1.6 1.6M6.3 5.8l2.2 2.2M8.6 3.4l1.6 1.6" />
      </button>
      <button type="button" class="tool" data-tool="track" aria-pressed={track === "yes"} onClick={() => trackShown.set(track === "yes" ? "no" : "yes")}
        aria-label={w.desk.track} title={w.desk.track}>
        <Icon d="M2 13.5c6 0 1-6 6-6s2-5 6-5M12 .8l2.5 1.7L12 4.4" />
      </button>
      <button type="button" class="tool" data-tool="layers" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}
        aria-label={w.desk.layers} title={w.desk.layers}>
        <Icon d="M8 2 14.5 5.5 8 9 1.5 5.5zM1.5 8.5 8 12l6.5-3.5M1.5 11.3 8 14.8l6.5-3.5" />
      </button>
      {choosing && <Chooser layers={layers} problems={problems} />}
    </div>
  );
}

/** Which map lies below; what fails says so here too. */
function Chooser({ layers, problems }: { layers: readonly MapLayer[]; problems: Problems }) {
  const w = useWords();
  const lang = useStore(language);
  const chosen = useStore(baseMap);
  const hidden = useStore(hiddenOverlays).split(" ").filter(Boolean);
  const night = useStore(nightTiles);
  const bases = layers.filter((layer) => !layer.overlay);
  const gone = !bases.some((layer) => layer.id === chosen);
  const overlays = layers.filter((layer) => layer.overlay && !gone && (layer.over ?? chosen) === chosen);
  return (
    <div class="chooser" data-chooser>
      <fieldset>
        <legend>{w.desk.baseMap}</legend>
        <label><input type="radio" name="base" checked={gone} onChange={() => baseMap.set("outlines")} /><span>{w.desk.outlines}</span></label>
        {bases.map((layer) => (
          <label key={layer.id}>
            <input type="radio" name="base" data-base={layer.id} checked={layer.id === chosen} onChange={() => baseMap.set(layer.id)} />
            <bdi class="cut">{layer.title[lang]}</bdi>
            {problems.has(layer.id) && <span class="amber">◆ {w.desk.healthBad}</span>}
          </label>
        ))}
        {bases.length === 0 && <p class="dim">{w.desk.outlinesOnly}</p>}
      </fieldset>
      {overlays.length > 0 && (
        <fieldset>
          <legend>{w.desk.overlays}</legend>
          {overlays.map((layer) => (
            <label key={layer.id}>
              <input type="checkbox" checked={!hidden.includes(layer.id)}
                onChange={(event) => hiddenOverlays.set((event.currentTarget.checked ? hidden.filter((id) => id !== layer.id) : [...hidden, layer.id]).join(" "))} />
              <bdi class="cut">{layer.title[lang]}</bdi>
            </label>
          ))}
        </fieldset>
      )}
      {bases.length > 0 && (
        <label><input type="checkbox" checked={night === "yes"} onChange={(event) => nightTiles.set(event.currentTarget.checked ? "yes" : "no")} /><span>{w.desk.night}</span></label>
      )}
    </div>
  );
}

function Icon({ d }: { d: string }) {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.4" stroke-linejoin="round" stroke-linecap="round">
      <path d={d} />
    </svg>
  );
}
