import type { LifeStep, PartyView } from "@wuma/api-client";

/** A place on the way, as often as the thing came there anew. */
export interface Stop {
  key: string;
  at: string;
  place: PartyView;
  longitude: number;
  latitude: number;
}

/** The places of a life that have coordinates, in order; staying somewhere is one stop. */
export function stopsOf(life: LifeStep[]): Stop[] {
  const stops: Stop[] = [];
  for (const { at, event_id, place } of life) {
    if (place === null || place.longitude === null || place.latitude === null) continue;
    if (stops.at(-1)?.place.key === place.key) continue;
    stops.push({ key: `${event_id} ${at}`, at, place, longitude: place.longitude, latitude: place.latitude });
  }
  return stops;
}
