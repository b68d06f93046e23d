import { useQuery } from "@tanstack/react-query";
import { answered, api, type ProductView } from "@wuma/api-client";
import { useInLocale } from "@wuma/locale";
import { Select } from "antd";
import { useState } from "react";

const NAMES_MS = 5 * 60_000; // a product is renamed once in years
const OFFERED_COUNT = 30;
const NAMED_AT_ONCE_COUNT = 200; // one request names all products of nearly every brand

/** A product by its id, where a list knows nothing more of it. */
export function ProductName({ id }: { id: string }) {
  const inLocale = useInLocale();
  const { data: all } = useQuery({
    queryKey: ["products", "names"],
    queryFn: () =>
      answered(api.GET("/api/v1/products", { params: { query: { limit: NAMED_AT_ONCE_COUNT } } })),
    staleTime: NAMES_MS,
  });
  const listed = all?.items.find((product) => product.id === id);
  const isElsewhere = all !== undefined && listed === undefined; // archived, or one of very many
  const { data: single } = useProduct(isElsewhere ? id : null);
  const product = listed ?? single;
  return <span>{product === undefined ? "…" : inLocale(product.name_zh, product.name_en)}</span>;
}

interface ProductSelectProps {
  value?: string | null;
  /** Also told the product, for whoever depends on how it is packed. */
  onChange?: (id: string | null, product: ProductView | null) => void;
  placeholder?: string;
  label?: string;
  id?: string;
  className?: string;
}

/** Choose a product by name or GTIN; the server searches. */
export function ProductSelect(props: ProductSelectProps) {
  const inLocale = useInLocale();
  const [typed, setTyped] = useState("");
  const q = typed.trim() === "" ? {} : { q: typed.trim() };
  const { data: found, isFetching } = useQuery({
    queryKey: ["products", "offered", typed.trim()],
    queryFn: () =>
      answered(api.GET("/api/v1/products", { params: { query: { limit: OFFERED_COUNT, ...q } } })),
    placeholderData: (before) => before,
  });
  const { data: chosen } = useProduct(props.value ?? null);
  const offered = found?.items ?? [];
  const isListed = chosen === undefined || offered.some((product) => product.id === chosen.id);
  const products = isListed || typed !== "" ? offered : [chosen, ...offered];
  return (
    <Select<string>
      {...(props.id === undefined ? {} : { id: props.id })}
      {...(props.className === undefined ? {} : { className: props.className })}
      aria-label={props.label}
      placeholder={props.placeholder}
      value={props.value ?? null}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear
      loading={isFetching}
      onChange={(id) => {
        setTyped("");
        props.onChange?.(id ?? null, products.find((product) => product.id === id) ?? null);
      }}
      options={products.map((product) => ({
        value: product.id,
        label: `${inLocale(product.name_zh, product.name_en)} · ${product.gtin}`,
      }))}
    />
  );
}

function useProduct(id: string | null) {
  return useQuery({
    queryKey: ["product", id],
    queryFn: () =>
      answered(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id ?? "" } } })),
    enabled: id !== null,
    staleTime: NAMES_MS,
  });
}
