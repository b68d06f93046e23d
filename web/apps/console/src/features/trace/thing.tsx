import type { PartyView, ThingRef } from "@wuma/api-client";
import { useInLocale } from "@wuma/locale";
import { Code } from "@wuma/ui";
import { MapPin } from "lucide-react";
import { Link } from "react-router";

/** A thing by its public name, leading to its own trace. */
export function Thing({ thing }: { thing: ThingRef }) {
  return (
    <Code value={thing.name}>
      <Link to={tracePath(thing.name)}>{shortName(thing.name)}</Link>
    </Code>
  );
}

/** A place or a party: its name and city, or the key that nobody has given a name. */
export function Party({ party }: { party: PartyView }) {
  const inLocale = useInLocale();
  const region = inLocale(party.region_zh, party.region_en);
  if (party.name === null) return <code className="trace-key">{shortName(party.key)}</code>;
  return (
    <span className="trace-party">
      <MapPin size={13} aria-hidden />
      {party.name}
      {region !== "" && <span className="wm-quiet-text">{region}</span>}
    </span>
  );
}

export function tracePath(code: string): string {
  return `/trace?code=${encodeURIComponent(code)}`;
}

/** A name without what all names begin with. */
export function shortName(name: string): string {
  return name.replace(/^https?:\/\/id\.gs1\.org\//, "").replace(/^https?:\/\//, "");
}
