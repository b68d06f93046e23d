import { useQuery } from "@tanstack/react-query";
import { answered, api, type BatchForm as BatchBody, type BatchView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer, ProductSelect } from "@wuma/ui";
import { DatePicker, Form, Input, Select } from "antd";
import type { Dayjs } from "dayjs";
import { words } from "./words";

type Fields = Omit<BatchBody, "produced_on" | "expires_on"> & {
  produced_on: Dayjs;
  expires_on?: Dayjs | null;
};

interface BatchFormProps {
  isOpen: boolean;
  onClose: () => void;
  onOpened: (batch: BatchView) => void;
}

export function BatchForm({ isOpen, onClose, onOpened }: BatchFormProps) {
  const t = useWords(words);
  const lines = useLines();
  return (
    <FormDrawer<Fields, BatchView>
      title={t("openBatch")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["batches"]}
      onAccepted={onOpened}
      send={(fields, headers) => answered(api.POST("/api/v1/batches", { body: bodyOf(fields), headers }))}
    >
      <Form.Item
        name="product_id"
        label={t("product")}
        rules={[{ required: true, message: t("productMissing") }]}
      >
        <ProductSelect placeholder={t("productHint")} />
      </Form.Item>
      <Form.Item
        name="number"
        label={t("batchNumber")}
        extra={t("batchNumberHint")}
        rules={[{ required: true, message: t("batchNumberMissing") }]}
      >
        <Input maxLength={20} autoComplete="off" />
      </Form.Item>
      <div className="wm-columns">
        <Form.Item
          name="produced_on"
          label={t("producedOn")}
          rules={[{ required: true, message: t("producedOnMissing") }]}
        >
          <DatePicker className="wm-wide" />
        </Form.Item>
        <Form.Item name="expires_on" label={t("expiresOn")} extra={t("expiresOnHint")}>
          <DatePicker className="wm-wide" />
        </Form.Item>
      </div>
      <Form.Item name="line_id" label={t("line")}>
        <Select
          allowClear
          options={lines.map((line) => ({ value: line.id, label: `${line.code} · ${line.name}` }))}
        />
      </Form.Item>
    </FormDrawer>
  );
}

function bodyOf({ produced_on, expires_on, ...rest }: Fields): BatchBody {
  const day = (date: Dayjs) => date.format("YYYY-MM-DD");
  return { ...rest, produced_on: day(produced_on), expires_on: expires_on ? day(expires_on) : null };
}

/** All packing lines that are in use: a company has tens of them, so one page is all. */
function useLines() {
  const { data } = useQuery({
    queryKey: ["lines", "offered"],
    queryFn: () => answered(api.GET("/api/v1/lines", { params: { query: { limit: 200 } } })),
  });
  return data?.items ?? [];
}
