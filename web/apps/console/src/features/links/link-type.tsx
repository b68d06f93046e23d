import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Select } from "antd";
import { useState } from "react";
import { words } from "./type-words";

/** Return the function that names a link type: `gs1:pip` in words, an address of another vocabulary as it is. */
export function useLinkTypeName(): (linkType: string) => string {
  const t = useWords(words);
  return (linkType) => {
    const key = `type.${linkType.replace(/^gs1:/, "")}`;
    return isNamed(key) ? t(key) : linkType;
  };
}

interface LinkTypeSelectProps {
  value?: string;
  onChange?: (linkType: string | null) => void;
  id?: string;
  label?: string;
  placeholder?: string;
  className?: string;
}

/** Choose a link type by its name in words or in the vocabulary; the address of another one may be typed. */
export function LinkTypeSelect({ value, onChange, label, ...look }: LinkTypeSelectProps) {
  const nameOf = useLinkTypeName();
  const [typed, setTyped] = useState("");
  const { data: types } = useQuery({
    queryKey: ["link-types"],
    queryFn: () => answered(api.GET("/api/v1/links/types")),
    staleTime: Number.POSITIVE_INFINITY, // they change with the program
  });
  const others = [value ?? "", typed].filter((one) => one.startsWith("https://"));
  const offered = [...new Set([...others, ...(types ?? [])])];
  return (
    <Select<string>
      {...look}
      aria-label={label}
      value={value ?? null}
      allowClear
      showSearch={{ optionFilterProp: "label", onSearch: setTyped }}
      onChange={(chosen) => onChange?.(chosen ?? null)}
      options={offered.map((type) => ({
        value: type,
        label: nameOf(type) === type ? type : `${nameOf(type)} · ${type}`,
      }))}
    />
  );
}

function isNamed(key: string): key is keyof (typeof words)["zh-CN"] {
  return key in words.en;
}
