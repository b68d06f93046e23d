import { answered, api, type DossierSummary } from "@wuma/api-client";
import { type Locale, useFormats, useLocale, useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  Empty,
  FilterText,
  PageBody,
  PageHeader,
  RecordTable,
  Status,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { ReleaseStatus } from "./release-status";
import { Score } from "./score";
import { words } from "./words";

const FILTERS = { q: textFilter };

export function Component() {
  const t = useWords(words);
  const mayWrite = useMay("dossier.write");
  const filters = useFilters(FILTERS);
  const { q } = filters.values;
  const list = useKeysetList(["dossiers", q], (place, signal) => {
    const wanted = { ...place, ...(q === null ? {} : { q }) };
    return answered(api.GET("/api/v1/dossiers", { params: { query: wanted }, signal }));
  });
  return (
    <>
      <PageHeader
        title={t("title")}
        purpose={t("purpose")}
        actions={mayWrite && <ButtonLink to="/dossiers/import">{t("importFile")}</ButtonLink>}
      />
      <PageBody>
        <search className="wm-filters">
          <FilterText label={t("searchLot")} value={q} onChange={(value) => filters.set("q", value)} />
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns()}
          rowKey={(one) => one.batch_id}
          rowPath={(one) => `/dossiers/${one.batch_id}`}
          empty={<Empty title={t("none")} hint={t("noneHint")} />}
          filters={filters}
        />
      </PageBody>
    </>
  );
}

function nameOf(one: DossierSummary, language: Locale): string {
  return language === "zh-CN" ? one.product_zh || one.product_en : one.product_en || one.product_zh;
}

function useColumns(): Column<DossierSummary>[] {
  const t = useWords(words);
  const formats = useFormats();
  const { locale: language } = useLocale();
  return [
    { key: "lot", title: t("lot"), render: (one) => one.lot },
    { key: "product", title: t("product"), render: (one) => nameOf(one, language) },
    { key: "produced", title: t("producedOn"), render: (one) => formats.date(one.produced_on) },
    { key: "score", title: t("score"), render: (one) => <Score percent={one.percent} /> },
    { key: "gaps", title: t("gaps"), isNumber: true, render: (one) => formats.count(one.gap_count) },
    {
      key: "state",
      title: t("state"),
      render: (one) => <ReleaseStatus state={one.state} isRecalled={one.recalled_at !== null} />,
    },
    {
      key: "alarms",
      title: t("alarms"),
      isNumber: true,
      render: (one) =>
        one.open_alarm_count === 0 ? "–" : <Status tone="warn">{formats.count(one.open_alarm_count)}</Status>,
    },
  ];
}
