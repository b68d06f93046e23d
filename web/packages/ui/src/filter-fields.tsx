import { useWords } from "@wuma/locale";
import { DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { words } from "./words";

const TYPING_PAUSE_MS = 300;

interface FilterTextProps {
  label: string;
  value: string | null;
  onChange: (value: string | null) => void;
}

/** A search field; it asks the server when the reader pauses or presses Enter, not at every key. */
export function FilterText({ label, value, onChange }: FilterTextProps) {
  const [typed, setTyped] = useState(value ?? "");

  useEffect(() => setTyped(value ?? ""), [value]);
  useEffect(() => {
    const wanted = typed.trim() === "" ? null : typed.trim();
    if (wanted === value) return;
    const timer = setTimeout(() => onChange(wanted), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);

  return (
    <Input
      className="wm-filter-text"
      aria-label={label}
      placeholder={label}
      prefix={<Search size={15} aria-hidden />}
      allowClear
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}

interface FilterChoiceProps<Choice extends string> {
  label: string;
  options: Array<{ value: Choice; label: string }>;
  value: Choice | null;
  onChange: (value: Choice | null) => void;
}

export function FilterChoice<Choice extends string>(props: FilterChoiceProps<Choice>) {
  return (
    <Select<Choice>
      className="wm-filter-choice"
      aria-label={props.label}
      placeholder={props.label}
      options={props.options}
      value={props.value}
      allowClear
      onChange={(value) => props.onChange(value ?? null)}
    />
  );
}

interface FilterDaysProps {
  label: string;
  from: string | null;
  to: string | null;
  onChange: (from: string | null, to: string | null) => void;
}

export function FilterDays({ label, from, to, onChange }: FilterDaysProps) {
  const t = useWords(words);
  return (
    <DatePicker.RangePicker
      aria-label={label}
      placeholder={[t("from"), t("to")]}
      allowEmpty={[true, true]}
      value={[from === null ? null : dayjs(from), to === null ? null : dayjs(to)]}
      onChange={(days) =>
        onChange(days?.[0]?.format("YYYY-MM-DD") ?? null, days?.[1]?.format("YYYY-MM-DD") ?? null)
      }
    />
  );
}
