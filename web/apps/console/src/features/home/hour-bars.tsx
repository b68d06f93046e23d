import type { HourView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { words } from "./words";

const HEIGHT = 120;
const WIDTH = 24; // of one hour, with its gap
const GAP = 6;

/** The scans of a day, hour by hour; those that looked copied and those of no code of ours in colour. */
export function HourBars({ hours }: { hours: HourView[] }) {
  const t = useWords(words);
  const formats = useFormats();
  const highest = Math.max(1, ...hours.map((hour) => hour.scans));
  const total = hours.reduce((sum, hour) => sum + hour.scans, 0);
  const height = (count: number) => (count / highest) * HEIGHT;
  return (
    <figure className="home-bars">
      <svg
        viewBox={`0 0 ${hours.length * WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t("hoursLabel", { count: formats.count(total), most: formats.count(highest) })}
      >
        {hours.map((hour, place) => {
          const { scans, suspect, invalid } = hour;
          const good = Math.max(0, scans - suspect - invalid);
          const at = formats.instant(hour.hour).slice(-5);
          const x = place * WIDTH + GAP / 2;
          return (
            <g key={hour.hour}>
              <title>{t("hourTitle", { at, scans, suspect, invalid })}</title>
              <rect x={x} y={0} width={WIDTH - GAP} height={HEIGHT} className="bar-ground" />
              <rect
                x={x}
                y={HEIGHT - height(scans)}
                width={WIDTH - GAP}
                height={height(invalid)}
                className="bar-invalid"
              />
              <rect
                x={x}
                y={HEIGHT - height(good + suspect)}
                width={WIDTH - GAP}
                height={height(suspect)}
                className="bar-suspect"
              />
              <rect
                x={x}
                y={HEIGHT - height(good)}
                width={WIDTH - GAP}
                height={height(good)}
                className="bar-good"
              />
            </g>
          );
        })}
      </svg>
      <div className="bar-hours" aria-hidden>
        {hours
          .filter((_hour, place) => place % 6 === 0)
          .map((hour) => (
            <span key={hour.hour}>{formats.instant(hour.hour).slice(-5)}</span>
          ))}
      </div>
      <figcaption>
        <span className="bar-key bar-key-good">{t("keyGood")}</span>
        <span className="bar-key bar-key-suspect">{t("suspect")}</span>
        <span className="bar-key bar-key-invalid">{t("keyInvalid")}</span>
      </figcaption>
    </figure>
  );
}
