import { answered, api, type BatchView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  type Column,
  Empty,
  FilterText,
  PageBody,
  PageHeader,
  ProductName,
  ProductSelect,
  RecordTable,
  Status,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { BatchForm } from "./batch-form";
import { words } from "./words";

const FILTERS = { q: textFilter, product: textFilter };

export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const { message } = App.useApp();
  const mayOpen = useMay("codes.activate");
  const [isFormOpen, setIsFormOpen] = useState(false);
  const filters = useFilters(FILTERS);
  const { q, product } = filters.values;
  const list = useKeysetList(["batches", q, product], (place, signal) => {
    const wanted = {
      ...place,
      ...(q === null ? {} : { q }),
      ...(product === null ? {} : { product_id: product }),
    };
    return answered(api.GET("/api/v1/batches", { params: { query: wanted }, signal }));
  });
  const open = mayOpen && (
    <Button type="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setIsFormOpen(true)}>
      {t("openBatch")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("batches")} purpose={t("batchesPurpose")} actions={open} />
      <PageBody>
        <search className="wm-filters">
          <FilterText label={t("searchBatch")} value={q} onChange={(value) => filters.set("q", value)} />
          <ProductSelect
            className="wm-filter-product"
            label={t("product")}
            placeholder={t("product")}
            value={product}
            onChange={(id) => filters.set("product", id)}
          />
        </search>
        <RecordTable
          label={t("batches")}
          list={list}
          columns={useColumns()}
          rowKey={(batch) => batch.id}
          rowPath={(batch) => `/batches/${batch.id}`}
          empty={<Empty title={t("noBatches")} hint={t("noBatchesHint")} action={open} />}
          filters={filters}
        />
      </PageBody>
      <BatchForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onOpened={(batch) => {
          message.success(t("batchReady", { number: batch.number }));
          void navigate(`/batches/${batch.id}`);
        }}
      />
    </>
  );
}

function useColumns(): Column<BatchView>[] {
  const t = useWords(words);
  const formats = useFormats();
  return [
    { key: "number", title: t("batchNumber"), render: (batch) => batch.number },
    { key: "product", title: t("product"), render: (batch) => <ProductName id={batch.product_id} /> },
    { key: "produced", title: t("producedOn"), render: (batch) => formats.date(batch.produced_on) },
    { key: "expires", title: t("expiresOn"), render: (batch) => formats.date(batch.expires_on) },
    {
      key: "count",
      title: t("commissioned"),
      isNumber: true,
      render: (batch) => formats.count(batch.commissioned_count),
    },
    {
      key: "state",
      title: t("state"),
      render: (batch) =>
        batch.recalled_at === null ? (
          <Status tone="good">{t("inWork")}</Status>
        ) : (
          <Status tone="bad">{t("recalled")}</Status>
        ),
    },
  ];
}
