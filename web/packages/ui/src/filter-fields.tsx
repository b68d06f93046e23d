import { useWords } from "@wuma/locale";
import { Button, DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import { Search, X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
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

interface FilterChoicesProps<Choice extends string> {
  label: string;
  options: Array<{ value: Choice; label: string }>;
  value: Choice[] | null;
  onChange: (value: Choice[] | null) => void;
}

export function FilterChoices<Choice extends string>(props: FilterChoicesProps<Choice>) {
  return (
    <Select<Choice[]>
      mode="multiple"
      className="wm-filter-choices"
      aria-label={props.label}
      placeholder={props.label}
      options={props.options}
      value={props.value ?? []}
      maxTagCount="responsive"
      showSearch={{ optionFilterProp: "label" }}
      allowClear
      onChange={(value) => props.onChange(value.length === 0 ? null : value)}
    />
  );
}

/** A filter that a link has set, such as “of order 7”; it can only be taken off. */
export function FilterMark({ onRemove, children }: { onRemove: () => void; children: ReactNode }) {
  const t = useWords(words);
  return (
    <span className="wm-filter-mark">
      {children}
      <Button
        type="text"
        size="small"
        icon={<X size={14} aria-hidden />}
        aria-label={t("takeOff")}
        onClick={onRemove}
      />
    </span>
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
