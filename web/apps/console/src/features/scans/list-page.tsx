import { answered, api, type ScanView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  type Column,
  choiceFilter,
  choicesFilter,
  dayFilter,
  Empty,
  FilterChoice,
  FilterChoices,
  FilterDays,
  FilterMark,
  OUTCOMES,
  PageBody,
  PageHeader,
  ProductName,
  ProductSelect,
  Reasons,
  RecordTable,
  RegionSelect,
  ScanPlace,
  textFilter,
  useFilters,
  useKeysetList,
  useOutcomeName,
  Verdict,
} from "@wuma/ui";
import { Button } from "antd";
import { useState } from "react";
import { ScanDrawer } from "./scan-drawer";
import { scanQuery } from "./scan-query";
import { words } from "./words";

const FILTERS = {
  outcome: choicesFilter(OUTCOMES),
  kind: choiceFilter(["open", "hidden"]),
  product: textFilter,
  region: textFilter,
  from: dayFilter,
  to: dayFilter,
  order: textFilter,
  unit: textFilter,
  person: textFilter,
};

export function Component() {
  const t = useWords(words);
  const outcomeName = useOutcomeName();
  const [opened, setOpened] = useState<ScanView | null>(null);
  const filters = useFilters(FILTERS);
  const { values, set } = filters;
  const list = useKeysetList(["scans", values], (place, signal) => {
    const query = { ...place, ...scanQuery(values) };
    return answered(api.GET("/api/v1/scans", { params: { query }, signal }));
  });
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <search className="wm-filters">
          <FilterDays
            label={t("days")}
            from={values.from}
            to={values.to}
            onChange={(from, to) => filters.setAll({ from, to })}
          />
          <FilterChoices
            label={t("outcome")}
            value={values.outcome}
            options={OUTCOMES.map((value) => ({ value, label: outcomeName(value) }))}
            onChange={(value) => set("outcome", value)}
          />
          <FilterChoice
            label={t("kind")}
            value={values.kind}
            options={FILTERS.kind.choices.map((value) => ({ value, label: t(`kind.${value}`) }))}
            onChange={(value) => set("kind", value)}
          />
          <ProductSelect
            className="wm-filter-product"
            label={t("product")}
            placeholder={t("product")}
            value={values.product}
            onChange={(id) => set("product", id)}
          />
          <div className="wm-filter-choice">
            <RegionSelect
              label={t("region")}
              placeholder={t("region")}
              value={values.region}
              onChange={(code) => set("region", code)}
            />
          </div>
          {values.order !== null && (
            <FilterMark onRemove={() => set("order", null)}>{t("ofOrder", { id: values.order })}</FilterMark>
          )}
          {values.unit !== null && (
            <FilterMark onRemove={() => set("unit", null)}>{t("ofItem", { unit: values.unit })}</FilterMark>
          )}
          {values.person !== null && (
            <FilterMark onRemove={() => set("person", null)}>
              {t("ofPerson", { person: values.person })}
            </FilterMark>
          )}
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns(setOpened)}
          rowKey={(scan) => scan.id}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} />}
          filters={filters}
        />
      </PageBody>
      <ScanDrawer
        scan={opened}
        onClose={() => setOpened(null)}
        onOnly={(name, value) => {
          setOpened(null);
          set(name, value);
        }}
      />
    </>
  );
}

function useColumns(open: (scan: ScanView) => void): Column<ScanView>[] {
  const t = useWords(words);
  const formats = useFormats();
  return [
    {
      key: "at",
      title: t("at"),
      render: (scan) => (
        <Button
          type="link"
          className="wm-row-link"
          aria-label={t("open", { at: formats.instant(scan.at) })}
          onClick={() => open(scan)}
        >
          {formats.instant(scan.at)}
        </Button>
      ),
    },
    { key: "outcome", title: t("outcome"), render: (scan) => <Verdict outcome={scan.outcome} /> },
    { key: "product", title: t("product"), render: (scan) => <ProductName id={scan.product_id} /> },
    {
      key: "kind",
      title: t("kind"),
      isShort: true,
      render: (scan) => (scan.kind === "hidden" ? t("kind.hidden") : t("kind.open")),
    },
    { key: "place", title: t("place"), render: (scan) => <ScanPlace place={scan} /> },
    { key: "reasons", title: t("reasons"), render: (scan) => <Reasons reasons={scan.reasons} /> },
  ];
}
