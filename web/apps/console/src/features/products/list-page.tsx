import { answered, api, type ProductView } from "@wuma/api-client";
import { useFormats, useInLocale, useWords } from "@wuma/locale";
import {
  Code,
  type Column,
  choiceFilter,
  Empty,
  FilterChoice,
  FilterText,
  PageBody,
  PageHeader,
  RecordTable,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ProductForm } from "./product-form";
import { words } from "./words";

const FILTERS = {
  q: textFilter,
  stage: choiceFilter(["1", "2", "3", "4"]),
  which: choiceFilter(["archived"]),
};

export function Component() {
  const t = useWords(words);
  const inLocale = useInLocale();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const mayWrite = useMay("masterdata.write");
  const [isFormOpen, setIsFormOpen] = useState(false);
  const filters = useFilters(FILTERS);
  const { q, stage, which } = filters.values;
  const list = useKeysetList(["products", "list", q, stage, which], (place, signal) => {
    const wanted = {
      ...place,
      ...(q === null ? {} : { q }),
      ...(stage === null ? {} : { stage: Number(stage) }),
      archived: which === "archived",
    };
    return answered(api.GET("/api/v1/products", { params: { query: wanted }, signal }));
  });
  const create = mayWrite && (
    <Button type="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setIsFormOpen(true)}>
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} actions={create} />
      <PageBody>
        <search className="wm-filters">
          <FilterText label={t("search")} value={q} onChange={(value) => filters.set("q", value)} />
          <FilterChoice
            label={t("stage")}
            value={stage}
            options={FILTERS.stage.choices.map((value) => ({ value, label: t("stageN", { stage: value }) }))}
            onChange={(value) => filters.set("stage", value)}
          />
          <FilterChoice
            label={t("inUse")}
            value={which}
            options={[{ value: "archived", label: t("archived") }]}
            onChange={(value) => filters.set("which", value)}
          />
        </search>
        <RecordTable
          label={t("title")}
          list={list}
          columns={useColumns()}
          rowKey={(product) => product.id}
          rowPath={(product) => `/products/${product.id}`}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} action={create} />}
          filters={filters}
        />
      </PageBody>
      <ProductForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onSaved={(product) => {
          message.success(t("created", { name: inLocale(product.name_zh, product.name_en) }));
          void navigate(`/products/${product.id}`);
        }}
      />
    </>
  );
}

function useColumns(): Column<ProductView>[] {
  const t = useWords(words);
  const formats = useFormats();
  const inLocale = useInLocale();
  return [
    { key: "name", title: t("name"), render: (product) => inLocale(product.name_zh, product.name_en) },
    { key: "gtin", title: t("gtin"), render: (product) => <Code value={product.gtin} /> },
    {
      key: "brand",
      title: t("brand"),
      render: (product) => inLocale(product.brand_zh, product.brand_en) || "–",
    },
    {
      key: "stage",
      title: t("stage"),
      isShort: true,
      render: ({ stage }) => (stage === null ? "–" : t("stageN", { stage })),
    },
    {
      key: "packing",
      title: t("packing"),
      render: ({ cases, pallet }) =>
        [
          ...cases.map((packed) => t("caseOf", { count: formats.count(packed.item_count) })),
          ...(pallet === null ? [] : [t("palletOf", { count: formats.count(pallet.case_count) })]),
        ].join(" · ") || "–",
    },
    {
      key: "life",
      title: t("shelfLife"),
      isNumber: true,
      render: ({ shelf_life_days: days }) =>
        days === null ? "–" : t("days", { count: formats.count(days) }),
    },
  ];
}
