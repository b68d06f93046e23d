import type { LifeStep } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Empty, Instant, Section } from "@wuma/ui";
import { PLACES } from "./places";
import { type Stop, stopsOf } from "./stops";
import { Party } from "./thing";
import { words } from "./words";

const WEST = 73;
const NORTH = 54;
const SCALE = 10; // units of the drawing to a degree of latitude
const NARROWING = 0.82; // a degree of longitude in the middle of the country, in degrees of latitude
const WIDTH = 520;
const HEIGHT = 370;

/** Where it went: a line among the cities of the country, and the same as a list. */
export function Route({ life }: { life: LifeStep[] }) {
  const t = useWords(words);
  const stops = stopsOf(life);
  return (
    <Section title={t("route")} purpose={t("routePurpose")}>
      {stops.length === 0 ? <Empty title={t("noRoute")} /> : <Way stops={stops} />}
    </Section>
  );
}

function Way({ stops }: { stops: Stop[] }) {
  const t = useWords(words);
  const { count } = useFormats();
  const [first, last] = [stops[0], stops.at(-1)];
  const label = t("mapName", {
    from: first?.place.name ?? "",
    to: last?.place.name ?? "",
    count: count(stops.length),
  });
  return (
    <div className="trace-route">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        <g className="trace-cities">
          {PLACES.map(([longitude, latitude]) => (
            <circle key={`${longitude} ${latitude}`} cx={x(longitude)} cy={y(latitude)} r={2} />
          ))}
        </g>
        <path className="trace-line" d={lineOf(stops)} />
        {stops.map((stop, nth) => (
          <g key={stop.key} className="trace-stop">
            <circle cx={x(stop.longitude)} cy={y(stop.latitude)} r={8} />
            <text x={x(stop.longitude)} y={y(stop.latitude) + 3.5}>
              {nth + 1}
            </text>
          </g>
        ))}
      </svg>
      <ol>
        {stops.map((stop) => (
          <li key={stop.key}>
            <Party party={stop.place} />
            <Instant at={stop.at} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function x(longitude: number): number {
  return Math.round((longitude - WEST) * NARROWING * SCALE * 10) / 10;
}

function y(latitude: number): number {
  return Math.round((NORTH - latitude) * SCALE * 10) / 10;
}

/** A line that bends a little at each stretch, so that there and back are two lines. */
function lineOf(stops: Stop[]): string {
  return stops
    .map((stop, nth) => {
      const [px, py] = [x(stop.longitude), y(stop.latitude)];
      const before = stops[nth - 1];
      if (before === undefined) return `M${px} ${py}`;
      const [bx, by] = [x(before.longitude), y(before.latitude)];
      return `Q${(px + bx) / 2 - (py - by) / 6} ${(py + by) / 2 + (px - bx) / 6} ${px} ${py}`;
    })
    .join(" ");
}
