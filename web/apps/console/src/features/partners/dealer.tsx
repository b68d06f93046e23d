import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Select } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { words } from "./words";

const OFFERED_COUNT = 30;

/** The name of a dealer, leading to its page. */
export function DealerLink({ id }: { id: string }) {
  const { data } = useDealer(id);
  return <Link to={`/partners/${id}`}>{data?.name ?? "…"}</Link>;
}

interface DealerSelectProps {
  value?: string | null;
  onChange?: (id: string | null) => void;
  id?: string;
}

/** Choose the dealer who supplies a store; the server searches. */
export function DealerSelect({ value, onChange, id }: DealerSelectProps) {
  const t = useWords(words);
  const [typed, setTyped] = useState("");
  const q = typed.trim() === "" ? {} : { q: typed.trim() };
  const { data: found, isFetching } = useQuery({
    queryKey: ["partners", "offered", typed.trim()],
    queryFn: () => {
      const query = { kind: "dealer" as const, limit: OFFERED_COUNT, ...q };
      return answered(api.GET("/api/v1/partners", { params: { query } }));
    },
    placeholderData: (before) => before,
  });
  const { data: chosen } = useDealer(value ?? null);
  const others = (found?.items ?? []).filter((dealer) => dealer.id !== chosen?.id);
  const dealers = chosen === undefined ? others : [chosen, ...others];
  return (
    <Select<string>
      {...(id === undefined ? {} : { id })}
      placeholder={t("parentHint")}
      value={value ?? null}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear
      loading={isFetching}
      options={dealers.map((dealer) => ({ value: dealer.id, label: `${dealer.name} · ${dealer.code}` }))}
      onChange={(chosenId) => {
        setTyped("");
        onChange?.(chosenId ?? null);
      }}
    />
  );
}

function useDealer(id: string | null) {
  return useQuery({
    queryKey: ["partner", id],
    queryFn: () =>
      answered(api.GET("/api/v1/partners/{partner_id}", { params: { path: { partner_id: id ?? "" } } })),
    enabled: id !== null,
  });
}
