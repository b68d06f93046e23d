import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type RegionView } from "@wuma/api-client";
import { Select } from "antd";
import { useState } from "react";

const OFFERED_COUNT = 50;

const region = (code: string) => ({
  queryKey: ["region", code] as const,
  queryFn: () => answered(api.GET("/api/v1/regions/{code}", { params: { path: { code } } })),
  staleTime: Number.POSITIVE_INFINITY, // the divisions of China change once a year
});

/** The full name of an administrative division: 广东省 深圳市 南山区. */
export function RegionName({ code }: { code: string | null }) {
  const { data } = useQuery({ ...region(code ?? ""), enabled: code !== null });
  if (code === null) return <span className="wm-quiet-text">–</span>;
  return <span title={code}>{data?.path ?? code}</span>;
}

interface RegionSelectProps {
  value?: string | null;
  onChange?: (code: string | null) => void;
  placeholder?: string;
  label?: string;
  id?: string;
}

/** Choose one administrative division by typing a part of its name; the server searches. */
export function RegionSelect({ value, onChange, placeholder, label, id }: RegionSelectProps) {
  const [typed, setTyped] = useState("");
  const { options, isFetching } = useOffered(typed, value == null ? [] : [value]);
  return (
    <Select<string>
      {...(id === undefined ? {} : { id })}
      aria-label={label}
      placeholder={placeholder}
      value={value ?? null}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear
      loading={isFetching}
      options={options}
      onChange={(code) => {
        setTyped("");
        onChange?.(code ?? null);
      }}
    />
  );
}

interface RegionsSelectProps {
  value?: string[];
  onChange?: (codes: string[]) => void;
  placeholder?: string;
  id?: string;
}

/** Choose several divisions: a territory. Each stands for everything inside it. */
export function RegionsSelect({ value = [], onChange, placeholder, id }: RegionsSelectProps) {
  const [typed, setTyped] = useState("");
  const { options, isFetching } = useOffered(typed, value);
  return (
    <Select<string[]>
      {...(id === undefined ? {} : { id })}
      mode="multiple"
      placeholder={placeholder}
      value={value}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={isFetching}
      options={options}
      onChange={(codes) => {
        setTyped("");
        onChange?.(codes);
      }}
    />
  );
}

/** What to offer: what the server finds, or the provinces; and always what is chosen already, by name. */
function useOffered(typed: string, chosen: string[]) {
  const queryClient = useQueryClient();
  const words = typed.trim();
  const found = useQuery({
    queryKey: ["regions", "offered", words],
    queryFn: () => {
      const query = words === "" ? { limit: OFFERED_COUNT } : { limit: OFFERED_COUNT, q: words };
      return answered(api.GET("/api/v1/regions", { params: { query } }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  const names = useQuery({
    queryKey: ["regions", "named", ...chosen],
    queryFn: () => Promise.all(chosen.map((code) => queryClient.fetchQuery(region(code)))),
    enabled: chosen.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  const kept = (names.data ?? []).filter(({ code }) => chosen.includes(code));
  const offered = (found.data?.items ?? []).filter(({ code }) => !chosen.includes(code));
  return { options: [...kept, ...offered].map(asOption), isFetching: found.isFetching };
}

function asOption(found: RegionView) {
  return { value: found.code, label: found.path };
}
