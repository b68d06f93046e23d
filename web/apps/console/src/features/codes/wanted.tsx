import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Form, Input, InputNumber, Segmented, Select } from "antd";
import type { Wanted as WantedCodes } from "./wanted-body";
import { words } from "./words";

const OFFERED_COUNT = 100;

interface WantedFieldsProps {
  /** The orders to choose from, when the codes are not of one order anyway. */
  productId?: string;
}

/** Say which codes are meant: by running number, from a first to a last code, or one by one. */
export function WantedFields({ productId }: WantedFieldsProps) {
  const t = useWords(words);
  const by = Form.useWatch<WantedCodes["by"]>("by");
  return (
    <>
      <Form.Item name="by" label={t("which")}>
        <Segmented
          options={(["positions", "span", "codes"] as const).map((value) => ({
            value,
            label: t(`which.${value}`),
          }))}
        />
      </Form.Item>
      {by === "positions" && (
        <>
          {productId !== undefined && <OrderField productId={productId} />}
          <div className="wm-columns">
            <Form.Item
              name="first"
              label={t("first")}
              rules={[{ required: true, message: t("positionMissing") }]}
            >
              <InputNumber min={1} precision={0} className="wm-wide" />
            </Form.Item>
            <Form.Item name="last" label={t("last")} extra={t("lastHint")}>
              <InputNumber min={1} precision={0} className="wm-wide" />
            </Form.Item>
          </div>
        </>
      )}
      {by === "span" && (
        <>
          <CodeInput name="firstCode" label={t("firstCode")} />
          <CodeInput name="lastCode" label={t("lastCode")} />
        </>
      )}
      {by === "codes" && (
        <Form.Item
          name="codes"
          label={t("codesList")}
          extra={t("codesHint")}
          rules={[{ required: true, whitespace: true, message: t("codeMissing") }]}
        >
          <Input.TextArea autoSize={{ minRows: 5, maxRows: 14 }} spellCheck={false} />
        </Form.Item>
      )}
    </>
  );
}

function CodeInput({ name, label }: { name: string; label: string }) {
  const t = useWords(words);
  return (
    <Form.Item
      name={name}
      label={label}
      rules={[{ required: true, whitespace: true, message: t("codeMissing") }]}
    >
      <Input maxLength={300} autoComplete="off" spellCheck={false} />
    </Form.Item>
  );
}

function OrderField({ productId }: { productId: string }) {
  const t = useWords(words);
  const formats = useFormats();
  const { data } = useQuery({
    queryKey: ["code-orders", "offered", productId],
    queryFn: () => {
      const query = { product_id: productId, limit: OFFERED_COUNT };
      return answered(api.GET("/api/v1/code-orders", { params: { query } }));
    },
  });
  const orders = (data?.items ?? []).filter((order) => order.revoked_at === null);
  return (
    <Form.Item
      name="orderId"
      label={t("whichOrder")}
      rules={[{ required: true, message: t("whichOrderMissing") }]}
    >
      <Select
        options={orders.map((order) => ({
          value: order.id,
          label: t("orderOption", {
            id: order.id,
            level: t(`level.${order.level}`),
            count: formats.count(order.quantity),
          }),
        }))}
      />
    </Form.Item>
  );
}
