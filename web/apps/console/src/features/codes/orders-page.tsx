import { answered, api, type OrderView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  choiceFilter,
  Empty,
  FilterChoice,
  Instant,
  PageBody,
  PageHeader,
  ProductName,
  ProductSelect,
  RecordTable,
  textFilter,
  useFilters,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { Plus } from "lucide-react";
import { OrderStatus } from "./order-status";
import { words } from "./words";

const FILTERS = { product: textFilter, level: choiceFilter(["item", "case", "pallet"]) };

export function Component() {
  const t = useWords(words);
  const filters = useFilters(FILTERS);
  const { product, level } = filters.values;
  const list = useKeysetList(["code-orders", product, level], (place, signal) => {
    const wanted = {
      ...place,
      ...(product === null ? {} : { product_id: product }),
      ...(level === null ? {} : { level }),
    };
    return answered(api.GET("/api/v1/code-orders", { params: { query: wanted }, signal }));
  });
  const order = useMay("codes.order") && (
    <ButtonLink
      type="primary"
      icon={<Plus size={16} aria-hidden />}
      to={product === null ? "/code-orders/new" : `/code-orders/new?product=${product}`}
    >
      {t("newOrder")}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader title={t("orders")} purpose={t("ordersPurpose")} actions={order} />
      <PageBody>
        <search className="wm-filters">
          <ProductSelect
            className="wm-filter-product"
            label={t("product")}
            placeholder={t("product")}
            value={product}
            onChange={(id) => filters.set("product", id)}
          />
          <FilterChoice
            label={t("level")}
            value={level}
            options={FILTERS.level.choices.map((value) => ({ value, label: t(`level.${value}`) }))}
            onChange={(value) => filters.set("level", value)}
          />
        </search>
        <RecordTable
          label={t("orders")}
          list={list}
          columns={useColumns()}
          rowKey={(row) => String(row.id)}
          rowPath={(row) => `/code-orders/${row.id}`}
          empty={<Empty title={t("noOrders")} hint={t("noOrdersHint")} action={order} />}
          filters={filters}
        />
      </PageBody>
    </>
  );
}

function useColumns(): Column<OrderView>[] {
  const t = useWords(words);
  const formats = useFormats();
  return [
    { key: "id", title: t("number"), render: (order) => `#${order.id}` },
    { key: "product", title: t("product"), render: (order) => <ProductName id={order.product_id} /> },
    { key: "level", title: t("level"), isShort: true, render: (order) => t(`level.${order.level}`) },
    {
      key: "quantity",
      title: t("quantity"),
      isNumber: true,
      render: (order) => formats.count(order.quantity),
    },
    {
      key: "hidden",
      title: t("hidden"),
      isShort: true,
      render: (order) => (order.has_hidden ? t("withHidden") : t("openOnly")),
    },
    { key: "state", title: t("state"), render: (order) => <OrderStatus order={order} /> },
    { key: "at", title: t("orderedAt"), render: (order) => <Instant at={order.ordered_at} /> },
    { key: "note", title: t("note"), render: (order) => order.note || "–" },
  ];
}
