// What every map stands on.
import type { FeatureCollection } from "geojson";

/** The ground names its streets in several languages; the map shows the page's. */
export function named(ground: FeatureCollection): FeatureCollection["features"] {
  const language = document.documentElement.lang;
  return ground.features.map((feature) => ({
    ...feature,
    properties: { ...feature.properties, name: feature.properties?.["names"]?.[language] ?? feature.properties?.["name"] },
  }));
}

export function hasWebGl(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}
