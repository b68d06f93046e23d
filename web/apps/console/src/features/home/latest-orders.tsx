import { useQuery } from "@tanstack/react-query";
import { answered, api, type OrderView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ButtonLink,
  type Column,
  Empty,
  Instant,
  ProductName,
  RecordTable,
  Section,
  wholeList,
} from "@wuma/ui";
import { words } from "./words";

const SHOWN_COUNT = 5;

export function LatestOrders() {
  const t = useWords(words);
  const formats = useFormats();
  const query = useQuery({
    queryKey: ["code-orders", "home"],
    queryFn: async () => {
      const query = { limit: SHOWN_COUNT };
      return (await answered(api.GET("/api/v1/code-orders", { params: { query } }))).items;
    },
  });
  const columns: Column<OrderView>[] = [
    { key: "order", title: t("order"), render: (order) => `#${order.id}` },
    { key: "product", title: t("product"), render: (order) => <ProductName id={order.product_id} /> },
    {
      key: "quantity",
      title: t("quantity"),
      isNumber: true,
      render: (order) => formats.count(order.quantity),
    },
    {
      key: "missing",
      title: t("missing"),
      isNumber: true,
      render: (order) => formats.count(order.reconciliation.missing),
    },
    { key: "at", title: t("at"), render: (order) => <Instant at={order.ordered_at} /> },
  ];
  const all = (
    <ButtonLink type="text" to="/code-orders">
      {t("ordersAll")}
    </ButtonLink>
  );
  return (
    <Section title={t("orders")} actions={all}>
      <RecordTable
        label={t("orders")}
        list={wholeList(query)}
        columns={columns}
        rowKey={(order) => String(order.id)}
        rowPath={(order) => `/code-orders/${order.id}`}
        empty={<Empty title={t("noOrders")} />}
      />
    </Section>
  );
}
