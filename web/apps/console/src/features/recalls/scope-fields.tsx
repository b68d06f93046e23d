import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { MomentPicker } from "@wuma/ui";
import { Form, Input, Select } from "antd";
import { useState } from "react";
import type { ScopeKind } from "./scope";
import { words } from "./words";

const KINDS: ScopeKind[] = ["batch", "material", "line", "things"];
const OFFERED_COUNT = 50;

/** The fields that say what is recalled; which they are depends on the first. */
export function ScopeFieldsOf() {
  const t = useWords(words);
  const kind = Form.useWatch<ScopeKind>("kind");
  return (
    <>
      <Form.Item name="kind" label={t("scopeKind")}>
        <Select options={KINDS.map((value) => ({ value, label: t(`scope.${value}`) }))} />
      </Form.Item>
      {kind === "batch" && (
        <Form.Item
          name="batch_id"
          label={t("batch")}
          rules={[{ required: true, message: t("batchMissing") }]}
        >
          <BatchSelect />
        </Form.Item>
      )}
      {kind === "material" && (
        <Form.Item
          name="name"
          label={t("material")}
          extra={t("materialHint")}
          rules={[{ required: true, whitespace: true, message: t("materialMissing") }]}
        >
          <Input maxLength={500} spellCheck={false} />
        </Form.Item>
      )}
      {kind === "line" && (
        <>
          <Form.Item name="line_id" label={t("line")} rules={[{ required: true, message: t("lineMissing") }]}>
            <LineSelect />
          </Form.Item>
          <div className="wm-columns">
            {(["since", "until"] as const).map((name) => (
              <Form.Item
                key={name}
                name={name}
                label={t(name)}
                rules={[{ required: true, message: t("momentMissing") }]}
              >
                <MomentPicker />
              </Form.Item>
            ))}
          </div>
        </>
      )}
      {kind === "things" && (
        <Form.Item
          name="codes"
          label={t("codes")}
          extra={t("codesHint")}
          rules={[{ required: true, whitespace: true, message: t("codesMissing") }]}
        >
          <Input.TextArea autoSize={{ minRows: 3, maxRows: 12 }} spellCheck={false} />
        </Form.Item>
      )}
    </>
  );
}

interface SelectProps {
  id?: string;
  value?: string | null;
  onChange?: (id: string) => void;
}

/** Choose a batch by its number; the server searches. */
function BatchSelect({ value, onChange, id }: SelectProps) {
  const t = useWords(words);
  const [typed, setTyped] = useState("");
  const q = typed.trim() === "" ? {} : { q: typed.trim() };
  const { data, isFetching } = useQuery({
    queryKey: ["batches", "offered", typed.trim()],
    queryFn: () =>
      answered(api.GET("/api/v1/batches", { params: { query: { limit: OFFERED_COUNT, ...q } } })),
    placeholderData: (before) => before,
  });
  const { data: chosen } = useQuery({
    queryKey: ["batch", value],
    queryFn: () =>
      answered(api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: value ?? "" } } })),
    enabled: Boolean(value),
  });
  const found = data?.items ?? [];
  const isListed = chosen === undefined || found.some((batch) => batch.id === chosen.id);
  return (
    <Select<string>
      {...(id === undefined ? {} : { id })}
      placeholder={t("batchHint")}
      value={value ?? null}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      loading={isFetching}
      onChange={(chosenId) => onChange?.(chosenId)}
      options={(isListed ? found : [chosen, ...found]).map((batch) => ({
        value: batch.id,
        label: `${batch.number} · ${batch.produced_on}`,
      }))}
    />
  );
}

function LineSelect({ value, onChange, id }: SelectProps) {
  const { data, isFetching } = useQuery({
    queryKey: ["lines", "offered"],
    queryFn: () => answered(api.GET("/api/v1/lines", { params: { query: { limit: 200 } } })),
  });
  return (
    <Select<string>
      {...(id === undefined ? {} : { id })}
      value={value ?? null}
      showSearch={{ optionFilterProp: "label" }}
      loading={isFetching}
      onChange={(chosen) => onChange?.(chosen)}
      options={(data?.items ?? []).map((line) => ({ value: line.id, label: `${line.code} · ${line.name}` }))}
    />
  );
}
