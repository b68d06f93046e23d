import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Select } from "antd";
import { words } from "./words";

const OFFERED_COUNT = 200; // the largest page: the newest orders, one of which it nearly always is

interface OrderSelectProps {
  value?: number;
  onChange?: (id: number) => void;
  id?: string;
}

export function OrderSelect({ value, onChange, id }: OrderSelectProps) {
  const t = useWords(words);
  const formats = useFormats();
  const { data, isFetching } = useQuery({
    queryKey: ["code-orders", "offered"],
    queryFn: () => answered(api.GET("/api/v1/code-orders", { params: { query: { limit: OFFERED_COUNT } } })),
  });
  const orders = (data?.items ?? []).filter((order) => order.revoked_at === null);
  return (
    <Select<number>
      {...(id === undefined ? {} : { id })}
      placeholder={t("orderHint")}
      value={value ?? null}
      showSearch={{ optionFilterProp: "label" }}
      loading={isFetching}
      onChange={(chosen) => onChange?.(chosen)}
      options={orders.map((order) => ({
        value: order.id,
        label: `${t("orderOption", { id: order.id, count: formats.count(order.quantity) })} ${order.note}`,
      }))}
    />
  );
}
