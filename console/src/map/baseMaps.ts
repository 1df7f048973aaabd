import type OlMap from "ol/Map";
import type BaseLayer from "ol/layer/Base";
import type { MapLayer } from "../model";
import type { Look } from "./baseLayers";

export interface Wanted extends Look {
  /** "outlines", or the id of a layer. */
  base: string;
  /** Ids of overlays that are switched off. */
  hidden: ReadonlySet<string>;
}

/** Why a layer that is shown does not draw, by its id. */
export type Problems = ReadonlyMap<string, string>;

/** A layer that failed is tried again by itself: nobody has to remember to. */
export const AGAIN_MS = 30_000;
/** Below courts and units, above the outlines, which are what is left when a layer fails. */
const BASE_Z = 1.2;

/** The layers of the chosen base map. What draws them is loaded when the first is wanted: the outlines need none of it. */
export class BaseMaps {
  private shown = "";
  private readonly ends: (() => void)[] = [];
  private problems = new Map<string, string>();
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly map: OlMap, private readonly onProblems: (problems: Problems) => void) {}

  show(offered: readonly MapLayer[], wanted: Wanted): void {
    const layers = chosenLayers(offered, wanted.base, wanted.hidden);
    const signature = JSON.stringify([layers, layers.length > 0 && [wanted.night, wanted.lang]]);
    if (signature === this.shown) return;
    this.shown = signature;
    this.clear();
    // A file that failed keeps its failure: it is opened anew. Single tiles of others are asked for again by their layer.
    const failed = (): void => void (this.again ??= setTimeout(() => {
      this.shown = "";
      this.show(offered, wanted);
    }, AGAIN_MS));
    for (const [i, of] of layers.entries()) void this.add(of, BASE_Z + i / 100, wanted, signature, of.kind === "pmtiles" ? failed : null);
  }

  private async add(of: MapLayer, zIndex: number, look: Look, signature: string, failed: (() => void) | null): Promise<void> {
    const tell = (problem: string | null): void => {
      if (signature !== this.shown) return;
      this.tell(of.id, problem);
      if (problem !== null) failed?.();
    };
    try {
      const { makeBaseLayer } = await import("./baseLayers");
      const { layer, end } = await makeBaseLayer(of, zIndex, look, tell);
      if (signature !== this.shown) end();
      else {
        this.map.addLayer(layer);
        this.ends.push(end, () => this.remove(layer));
      }
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
    }
  }

  private remove(layer: BaseLayer): void {
    this.map.removeLayer(layer);
    layer.dispose();
  }

  private tell(id: string, problem: string | null): void {
    if ((this.problems.get(id) ?? null) === problem) return;
    this.problems = new Map(this.problems);
    if (problem === null) this.problems.delete(id);
    else this.problems.set(id, problem);
    this.onProblems(this.problems);
  }

  clear(): void {
    clearTimeout(this.again);
    this.again = undefined;
    for (const end of this.ends.splice(0)) end();
    if (this.problems.size === 0) return;
    this.problems = new Map();
    this.onProblems(this.problems);
  }
}

/** The base map and the overlays on it, from the bottom up; nothing when the outlines are wanted or it is gone. */
export function chosenLayers(offered: readonly MapLayer[], base: string, hidden: ReadonlySet<string>): MapLayer[] {
  const chosen = offered.find((layer) => layer.id === base && !layer.overlay);
  return chosen ? [chosen, ...offered.filter((layer) => layer.overlay && (layer.over ?? base) === base && !hidden.has(layer.id))] : [];
}
