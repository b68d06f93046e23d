import { useQuery } from "@tanstack/react-query";
import { answered, api, type BuiltIn, type Template } from "@wuma/api-client";
import { useInLocale, useWords } from "@wuma/locale";
import { Button, Checkbox, Form, Input, Select } from "antd";
import { ArrowUp, Plus, Trash2 } from "lucide-react";
import { FIELDS } from "./fields";
import { words } from "./words";

const DELIMITERS = ["comma", "semicolon", "tab", "pipe", "none"] as const;

/** Choose a template and change what stands in it: which columns, in which order, how written. */
export function TemplateFields() {
  const t = useWords(words);
  const inLocale = useInLocale();
  const form = Form.useFormInstance();
  const { data: builtIns } = useQuery({
    queryKey: ["print-templates"],
    queryFn: () => answered(api.GET("/api/v1/print-templates")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const options = (builtIns ?? []).map((builtIn) => ({
    value: builtIn.name,
    label: inLocale(builtIn.title_zh, builtIn.title_en),
  }));
  const start = (name: string) => form.setFieldValue("template", templateOf(builtIns, name));
  return (
    <>
      <Form.Item label={t("template")} htmlFor="template-start">
        <Select id="template-start" options={options} onChange={start} />
      </Form.Item>
      <Columns />
      <div className="wm-columns">
        <Form.Item name={["template", "delimiter"]} label={t("delimiter")} initialValue="comma">
          <Select options={DELIMITERS.map((value) => ({ value, label: t(`delimiter.${value}`) }))} />
        </Form.Item>
        <Form.Item name={["template", "has_header"]} valuePropName="checked" initialValue={true} label=" ">
          <Checkbox>{t("hasHeader")}</Checkbox>
        </Form.Item>
        <Form.Item
          name={["template", "byte_order_mark"]}
          valuePropName="checked"
          initialValue={false}
          label=" "
        >
          <Checkbox>{t("byteOrderMark")}</Checkbox>
        </Form.Item>
      </div>
    </>
  );
}

function Columns() {
  const t = useWords(words);
  return (
    <Form.List name={["template", "columns"]} initialValue={[{ field: "number", header: "No." }]}>
      {(rows, { add, remove, move }) => (
        <fieldset className="wm-fieldset print-columns">
          <legend>{t("columns")}</legend>
          {rows.map(({ key, name }, place) => (
            <div key={key} className="wm-row">
              <Form.Item name={[name, "field"]} label={t("column")}>
                <Select options={FIELDS.map((value) => ({ value, label: t(`field.${value}`) }))} />
              </Form.Item>
              <Form.Item name={[name, "header"]} label={t("header")}>
                <Input maxLength={60} autoComplete="off" />
              </Form.Item>
              <Button
                type="text"
                icon={<ArrowUp size={16} aria-hidden />}
                aria-label={t("moveUp")}
                disabled={place === 0}
                onClick={() => move(place, place - 1)}
              />
              <Button
                type="text"
                icon={<Trash2 size={16} aria-hidden />}
                aria-label={t("removeColumn")}
                disabled={rows.length === 1}
                onClick={() => remove(name)}
              />
            </div>
          ))}
          <Button
            size="small"
            icon={<Plus size={14} aria-hidden />}
            onClick={() => add({ field: "open_serial", header: "" })}
          >
            {t("addColumn")}
          </Button>
        </fieldset>
      )}
    </Form.List>
  );
}

function templateOf(builtIns: BuiltIn[] | undefined, name: string): Template | undefined {
  return builtIns?.find((builtIn) => builtIn.name === name)?.template;
}
