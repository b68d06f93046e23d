import { useQuery } from "@tanstack/react-query";
import { answered, api, type ScanView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  Empty,
  Instant,
  ProductName,
  Reasons,
  RecordTable,
  ScanPlace,
  Section,
  wholeList,
} from "@wuma/ui";
import { words } from "./words";

const SHOWN_COUNT = 5;
const AGAIN_MS = 15_000;

/** The last scans that looked like copies. */
export function LatestSuspects() {
  const t = useWords(words);
  const query = useQuery({
    queryKey: ["scans", "home"],
    queryFn: async () => {
      const query = { outcome: ["suspect" as const], limit: SHOWN_COUNT };
      return (await answered(api.GET("/api/v1/scans", { params: { query } }))).items;
    },
    refetchInterval: AGAIN_MS,
  });
  const columns: Column<ScanView>[] = [
    { key: "at", title: t("at"), render: (scan) => <Instant at={scan.at} /> },
    { key: "product", title: t("product"), render: (scan) => <ProductName id={scan.product_id} /> },
    { key: "place", title: t("place"), render: (scan) => <ScanPlace place={scan} /> },
    { key: "reasons", title: t("reasons"), render: (scan) => <Reasons reasons={scan.reasons} /> },
  ];
  const all = (
    <ButtonLink type="text" to="/scans?outcome=suspect">
      {t("suspectsAll")}
    </ButtonLink>
  );
  return (
    <Section title={t("suspects")} actions={all}>
      <RecordTable
        label={t("suspects")}
        list={wholeList(query)}
        columns={columns}
        rowKey={(scan) => scan.id}
        rowPath={(scan) => `/scans?unit=${scan.unit}`}
        empty={<Empty title={t("noSuspects")} />}
      />
    </Section>
  );
}
