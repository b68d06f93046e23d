import type { SheetCode, SheetFormat } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Form, InputNumber, Select } from "antd";
import { words } from "./words";

const CODES: SheetCode[] = ["open", "hidden_long"];
const FORMATS: SheetFormat[] = ["pdf", "svg", "png"];

/** How QR symbols stand on A4; whether they fit is for the server to say. */
export function SheetFields() {
  const t = useWords(words);
  return (
    <div className="wm-columns">
      <Form.Item name="kind" label={t("sheetCode")} initialValue="open">
        <Select options={CODES.map((value) => ({ value, label: t(`sheetCode.${value}`) }))} />
      </Form.Item>
      <Form.Item name="format" label={t("sheetFormat")} initialValue="pdf">
        <Select options={FORMATS.map((value) => ({ value, label: value.toUpperCase() }))} />
      </Form.Item>
      <Form.Item name="columns" label={t("perRow")} initialValue={5}>
        <InputNumber min={1} max={20} precision={0} className="wm-wide" />
      </Form.Item>
      <Form.Item name="rows" label={t("perPage")} initialValue={7}>
        <InputNumber min={1} max={30} precision={0} className="wm-wide" />
      </Form.Item>
      <Form.Item name="module_mm" label={t("moduleMm")} initialValue={0.5}>
        <InputNumber min={0.2} max={5} step={0.1} className="wm-wide" />
      </Form.Item>
    </div>
  );
}
