import { type AuditView, answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  ActorName,
  Code,
  type Column,
  Empty,
  FilterMark,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  textFilter,
  useFilters,
  useKeysetList,
} from "@wuma/ui";
import { Button, Tooltip } from "antd";
import { words } from "./words";

const FILTERS = { actor: textFilter };

export function Component() {
  const t = useWords(words);
  const filters = useFilters(FILTERS);
  const { actor } = filters.values;
  const list = useKeysetList(["audit", actor], (place, signal) => {
    const query = { ...place, ...(actor === null ? {} : { actor }) };
    return answered(api.GET("/api/v1/audit", { params: { query }, signal }));
  });
  const columns: Column<AuditView>[] = [
    { key: "at", title: t("at"), render: (entry) => <Instant at={entry.at} /> },
    {
      key: "actor",
      title: t("actor"),
      render: (entry) => (
        <Tooltip title={t("only")}>
          <Button type="link" className="wm-row-link" onClick={() => filters.set("actor", entry.actor)}>
            <ActorName actor={entry.actor} />
          </Button>
        </Tooltip>
      ),
    },
    { key: "action", title: t("action"), render: (entry) => <code>{entry.action}</code> },
    { key: "target", title: t("target"), render: (entry) => <code>{entry.target}</code> },
    { key: "address", title: t("address"), render: (entry) => entry.address },
    { key: "request", title: t("request"), render: (entry) => <Code value={entry.request_id} /> },
  ];
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        {actor !== null && (
          <div className="wm-filters">
            <FilterMark onRemove={() => filters.set("actor", null)}>{t("of", { actor })}</FilterMark>
          </div>
        )}
        <RecordTable
          label={t("title")}
          list={list}
          columns={columns}
          rowKey={(entry) => String(entry.id)}
          empty={<Empty title={t("empty")} />}
          filters={filters}
        />
      </PageBody>
    </>
  );
}
