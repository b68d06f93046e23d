import { useQuery } from "@tanstack/react-query";
import { answered, api, type PartnerView, type SightView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  Code,
  type Column,
  Empty,
  FilterText,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  Status,
  textFilter,
  useFilters,
  useKeysetList,
} from "@wuma/ui";
import { words } from "./words";

const FILTERS = { q: textFilter };
/** One request tells of so many partners; what is shown of one beyond them stands on its own page. */
const SIGHTS_READ_MAX = 200;

export function Component() {
  const t = useWords(words);
  const filters = useFilters(FILTERS);
  const { q } = filters.values;
  const list = useKeysetList(["partners", "sights", q], (place, signal) =>
    answered(
      api.GET("/api/v1/partners", {
        params: { query: { ...place, ...(q === null ? {} : { q }), archived: false } },
        signal,
      }),
    ),
  );
  const sights = useQuery({
    queryKey: ["sights"],
    queryFn: () =>
      answered(api.GET("/api/v1/partner-sights", { params: { query: { limit: SIGHTS_READ_MAX } } })),
  });
  const columns = useColumns(new Map(sights.data?.items.map((sight) => [sight.partner_id, sight])));
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <search className="wm-filters">
          <FilterText label={t("search")} value={q} onChange={(value) => filters.set("q", value)} />
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={columns}
          rowKey={(partner) => partner.id}
          rowPath={(partner) => `/partner-sights/${partner.id}`}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} />}
          filters={filters}
        />
      </PageBody>
    </>
  );
}

function useColumns(sights: Map<string, SightView>): Column<PartnerView>[] {
  const t = useWords(words);
  return [
    { key: "name", title: t("name"), render: (partner) => partner.name },
    { key: "code", title: t("code"), render: (partner) => <Code value={partner.code} /> },
    {
      key: "gln",
      title: t("gln"),
      render: (partner) => (partner.gln === null ? "–" : <Code value={partner.gln} />),
    },
    {
      key: "sees",
      title: t("sees"),
      render: (partner) => {
        const count = sights.get(partner.id)?.rules.length ?? 0;
        if (count === 0) return <Status tone="quiet">{t("nothing")}</Status>;
        return <Status tone="good">{t("rulesCount", { count })}</Status>;
      },
    },
    {
      key: "changed",
      title: t("changedAt"),
      render: (partner) => <Instant at={sights.get(partner.id)?.changed_at ?? null} />,
    },
  ];
}
