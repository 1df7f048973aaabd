import OlMap from "ol/Map";
import View from "ol/View";
import ScaleLine from "ol/control/ScaleLine";
import { fromLonLat } from "ol/proj";
import { BaseMaps, type Problems } from "./baseMaps";

/** Fujian, until it is known what to show. */
export const START = { center: fromLonLat([118.1, 26.1]), zoom: 7.4 };

/** What each map of the page has: the view, the base maps below the layers that it draws, zoom, and an end. */
export abstract class Chart {
  protected readonly map: OlMap;
  readonly baseMaps: BaseMaps;
  /** Steps of zoom that wait until the map has come to rest. */
  private owed = 0;

  /** `target` null: it is put onto the page later. */
  constructor(target: HTMLElement | null, scalePx: number, problems: (problems: Problems) => void = () => undefined) {
    this.map = new OlMap({
      controls: [new ScaleLine({ minWidth: scalePx })],
      view: new View({ ...START, minZoom: 4, maxZoom: 18, enableRotation: false }),
      ...(target && { target }),
    });
    this.baseMaps = new BaseMaps(this.map, problems);
    this.map.getView().on("change", () => {
      if (this.owed !== 0 && !this.map.getView().getAnimating()) requestAnimationFrame(() => this.pay());
    });
  }

  /** From where the map is on its way to: a step in the middle of a movement neither ends it nor is lost. */
  zoom(by: number): void {
    this.owed += by;
    this.pay();
  }

  private pay(): void {
    const view = this.map.getView();
    if (this.owed === 0 || view.getAnimating()) return;
    view.animate({ zoom: (view.getZoom() ?? START.zoom) + this.owed, duration: 150 });
    this.owed = 0;
  }

  /** Take it off the page. */
  close(): void {
    this.baseMaps.clear();
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}
