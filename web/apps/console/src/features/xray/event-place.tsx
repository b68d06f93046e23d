import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { MapPin } from "lucide-react";
import { Link } from "react-router";
import { glnStartOf } from "./gln";

const NAMES_MS = 5 * 60_000;

/** Where an event happened: the name of the site or partner that has the GLN, or else the identifier. */
export function EventPlace({ fields }: { fields: Record<string, unknown> }) {
  const place = idOf(fields.readPoint) ?? idOf(fields.bizLocation);
  const start = place === null ? null : glnStartOf(place);
  const { data } = useQuery({
    queryKey: ["place", start],
    queryFn: () => findPlace(start ?? ""),
    enabled: start !== null,
    staleTime: NAMES_MS,
  });
  if (place === null) return null;
  return (
    <span className="xray-place">
      <MapPin size={13} aria-hidden />
      {data ? <Link to={data.path}>{data.name}</Link> : <code>{place}</code>}
    </span>
  );
}

async function findPlace(glnStart: string): Promise<{ name: string; path: string } | null> {
  const params = { query: { q: glnStart, limit: 1 } };
  const [site] = (await answered(api.GET("/api/v1/sites", { params }))).items;
  if (site !== undefined) return { name: site.name, path: `/sites/${site.id}` };
  const [partner] = (await answered(api.GET("/api/v1/partners", { params }))).items;
  return partner === undefined ? null : { name: partner.name, path: `/partners/${partner.id}` };
}

function idOf(place: unknown): string | null {
  if (typeof place !== "object" || place === null || !("id" in place)) return null;
  return typeof place.id === "string" ? place.id : null;
}
