import { useQuery } from "@tanstack/react-query";
import { answered, api, type SeriesView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Loaded } from "@wuma/ui";
import { lazy, Suspense } from "react";
import { words } from "./words";

const Chart = lazy(() => import("./chart")); // ECharts is large, and most dossiers have no readings

/** What sensors measured of a batch, one chart for each series. */
export function Readings({ batchId, producedOn }: { batchId: string; producedOn: string }) {
  const t = useWords(words);
  const query = useQuery({
    queryKey: ["dossiers", "series", batchId],
    queryFn: () =>
      answered(api.GET("/api/v1/dossier/series", { params: { query: { batch_id: batchId, limit: 20 } } })),
  });
  return (
    <Loaded query={query}>
      {(page) =>
        page.items.length === 0 ? (
          <p className="wm-quiet-text">{t("noReadings")}</p>
        ) : (
          page.items.map((series) => <One key={series.id} series={series} producedOn={producedOn} />)
        )
      }
    </Loaded>
  );
}

function One({ series, producedOn }: { series: SeriesView; producedOn: string }) {
  const t = useWords(words);
  const since = new Date(Date.parse(producedOn) - 30 * 86_400_000).toISOString(); // materials came before
  const query = useQuery({
    queryKey: ["dossiers", "readings", series.id],
    queryFn: () =>
      answered(
        api.GET("/api/v1/dossier/series/{series_id}/readings", {
          params: { path: { series_id: series.id }, query: { since } },
        }),
      ),
  });
  return (
    <div>
      <h3 className="wm-dossier-subject">
        {`${quantityName(series.quantity, t)} (${series.symbol}) ${series.device || series.place}`}
      </h3>
      <Loaded query={query}>
        {(chart) => (
          <Suspense fallback={<div className="wm-chart" />}>
            <Chart chart={chart} name={quantityName(series.quantity, t)} />
          </Suspense>
        )}
      </Loaded>
    </div>
  );
}

const NAMED = ["Temperature", "RelativeHumidity", "AbsoluteHumidity", "Pressure"] as const;

/** The quantity in the reader's language; one we have no word for, under its own name. */
export function quantityName(
  quantity: string,
  t: (word: `quantity.${(typeof NAMED)[number]}`) => string,
): string {
  const known = NAMED.find((name) => name === quantity);
  return known === undefined ? quantity : t(`quantity.${known}`);
}
