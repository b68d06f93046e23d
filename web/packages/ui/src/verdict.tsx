import type { GeoSource, Outcome, Reason } from "@wuma/api-client";
import { useInLocale, useWords } from "@wuma/locale";
import { Tooltip } from "antd";
import { Status, type Tone } from "./status";
import { words } from "./verdict-words";

/** All outcomes of a scan, from good to bad. */
export const OUTCOMES = [
  "registered",
  "first_genuine",
  "genuine_again",
  "suspect",
  "not_activated",
  "expired",
  "recalled",
  "void",
  "unknown",
] as const satisfies readonly Outcome[];

const TONES: Record<Outcome, Tone> = {
  registered: "quiet",
  first_genuine: "good",
  genuine_again: "good",
  suspect: "warn",
  not_activated: "warn",
  expired: "warn",
  recalled: "bad",
  void: "bad",
  unknown: "bad",
};

/** What was said of a code when it was scanned. */
export function Verdict({ outcome }: { outcome: Outcome }) {
  const t = useWords(words);
  return <Status tone={TONES[outcome]}>{t(`outcome.${outcome}`)}</Status>;
}

/** Return how to name outcomes, for filters and charts. */
export function useOutcomeName(): (outcome: Outcome) => string {
  const t = useWords(words);
  return (outcome) => t(`outcome.${outcome}`);
}

/** The facts that decided, in words. */
export function Reasons({ reasons }: { reasons: Reason[] }) {
  const t = useWords(words);
  if (reasons.length === 0) return <span className="wm-quiet-text">–</span>;
  return <span>{reasons.map((reason) => t(`reason.${reason}`)).join(" · ")}</span>;
}

interface ScanPlaceProps {
  place: { place_zh: string; place_en: string; geo_source: GeoSource };
}

/** Where a scan happened, and how we know. */
export function ScanPlace({ place }: ScanPlaceProps) {
  const t = useWords(words);
  const inLocale = useInLocale();
  const source = t(`geo.${place.geo_source}`);
  const name = inLocale(place.place_zh, place.place_en);
  if (name === "") return <span className="wm-quiet-text">{source}</span>;
  return (
    <Tooltip title={source}>
      <span>
        {name} {place.geo_source === "ip" && <span className="wm-quiet-text">{source}</span>}
      </span>
    </Tooltip>
  );
}
