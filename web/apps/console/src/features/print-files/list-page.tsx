import { answered, api, type PrintFileView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  choiceFilter,
  Empty,
  FilterChoice,
  FilterMark,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { Plus } from "lucide-react";
import { FileStatus, isInWork, STATES } from "./file-status";
import { words } from "./words";

const FILTERS = { state: choiceFilter(STATES), order: textFilter };
const POLL_MS = 1000; // while a file is being made; a million codes take a few seconds

export function Component() {
  const t = useWords(words);
  const mayMake = useMay("print_files.make");
  const filters = useFilters(FILTERS);
  const { state, order } = filters.values;
  const list = useKeysetList(
    ["print-files", state, order],
    (place, signal) => {
      const query = {
        ...place,
        ...(state === null ? {} : { state }),
        ...(order === null ? {} : { order_id: Number(order) }),
      };
      return answered(api.GET("/api/v1/print-files", { params: { query }, signal }));
    },
    { refetchMs: (files) => (files.some(isInWork) ? POLL_MS : false) },
  );
  const make = mayMake && (
    <ButtonLink
      type="primary"
      icon={<Plus size={16} aria-hidden />}
      to={order === null ? "/print-files/new" : `/print-files/new?order=${order}`}
    >
      {t("make")}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} actions={make} />
      <PageBody>
        <search className="wm-filters">
          <FilterChoice
            label={t("state")}
            value={state}
            options={STATES.map((value) => ({ value, label: t(`filter.${value}`) }))}
            onChange={(value) => filters.set("state", value)}
          />
          {order !== null && (
            <FilterMark onRemove={() => filters.set("order", null)}>{t("ofOrder", { id: order })}</FilterMark>
          )}
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns()}
          rowKey={(file) => file.id}
          rowPath={(file) => `/print-files/${file.id}`}
          empty={
            <Empty title={t("empty")} hint={mayMake ? t("emptyHint") : t("emptyVendorHint")} action={make} />
          }
          filters={filters}
        />
      </PageBody>
    </>
  );
}

function useColumns(): Column<PrintFileView>[] {
  const t = useWords(words);
  const formats = useFormats();
  return [
    { key: "file", title: t("file"), render: (file) => file.file_name },
    { key: "order", title: t("order"), isShort: true, render: (file) => `#${file.order_id}` },
    {
      key: "part",
      title: t("part"),
      isShort: true,
      render: (file) => t("partOf", { part: file.part, count: file.part_count }),
    },
    { key: "count", title: t("count"), isNumber: true, render: (file) => formats.count(file.count) },
    { key: "to", title: t("recipient"), render: (file) => file.recipient_name },
    { key: "state", title: t("state"), render: (file) => <FileStatus file={file} /> },
    { key: "at", title: t("orderedAt"), render: (file) => <Instant at={file.ordered_at} /> },
  ];
}
