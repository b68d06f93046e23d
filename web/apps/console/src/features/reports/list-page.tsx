import { answered, api, type ReportView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  type Column,
  choiceFilter,
  Empty,
  FilterChoice,
  PageBody,
  PageHeader,
  RecordTable,
  Status,
  useFilters,
  useKeysetList,
} from "@wuma/ui";
import { Button } from "antd";
import { useState } from "react";
import { isConcern } from "./concern";
import { ReportDrawer } from "./report-drawer";
import { words } from "./words";

const FILTERS = { state: choiceFilter(["open", "handled"]) };

export function Component() {
  const t = useWords(words);
  const [openedId, setOpenedId] = useState<string | null>(null);
  const filters = useFilters(FILTERS);
  const { state } = filters.values;
  const list = useKeysetList(["reports", state], (place, signal) => {
    const query = { ...place, ...(state === null ? {} : { state }) };
    return answered(api.GET("/api/v1/reports", { params: { query }, signal }));
  });
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <search className="wm-filters">
          <FilterChoice
            label={t("state")}
            value={state}
            options={FILTERS.state.choices.map((value) => ({ value, label: t(`state.${value}`) }))}
            onChange={(value) => filters.set("state", value)}
          />
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns(setOpenedId)}
          rowKey={(report) => report.id}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} />}
          filters={filters}
        />
      </PageBody>
      <ReportDrawer
        report={list.items.find((report) => report.id === openedId) ?? null}
        onClose={() => setOpenedId(null)}
      />
    </>
  );
}

function useColumns(open: (id: string) => void): Column<ReportView>[] {
  const t = useWords(words);
  const formats = useFormats();
  return [
    {
      key: "at",
      title: t("at"),
      render: (report) => (
        <Button
          type="link"
          className="wm-row-link"
          aria-label={t("open", { at: formats.instant(report.at) })}
          onClick={() => open(report.id)}
        >
          {formats.instant(report.at)}
        </Button>
      ),
    },
    {
      key: "concern",
      title: t("concern"),
      render: ({ concern }) => (isConcern(concern) ? t(`concern.${concern}`) : concern),
    },
    {
      key: "text",
      title: t("text"),
      render: (report) => <span className="wm-excerpt">{report.text || "–"}</span>,
    },
    {
      key: "state",
      title: t("state"),
      render: (report) =>
        report.handled_at === null ? (
          <Status tone="warn">{t("state.open")}</Status>
        ) : (
          <Status tone="quiet">{t("state.handled")}</Status>
        ),
    },
  ];
}
