import { useQuery } from "@tanstack/react-query";
import {
  answered,
  api,
  type Level,
  type OrderForm,
  type OrderView,
  type ProductView,
} from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { BackLink, PageBody, PageHeader, ProductSelect, useSubmit } from "@wuma/ui";
import { Button, Form, Input, InputNumber, Segmented, Select, Switch } from "antd";
import { useNavigate, useSearchParams } from "react-router";
import "./codes.css";
import { words } from "./words";

const QUANTITY_MAX = 200_000_000; // what the server takes in one order

export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [form] = Form.useForm<OrderForm>();
  const { submit, isSending, alert } = useSubmit<OrderForm, OrderView>({
    form,
    send: (body, headers) => answered(api.POST("/api/v1/code-orders", { body, headers })),
    onAccepted: (order) => void navigate(`/code-orders/${order.id}`),
    changes: ["code-orders"],
  });
  return (
    <>
      <PageHeader
        back={<BackLink to="/code-orders">{t("orders")}</BackLink>}
        title={t("newOrder")}
        purpose={t("newOrderPurpose")}
      />
      <PageBody>
        <Form<OrderForm>
          form={form}
          layout="vertical"
          requiredMark={false}
          className="order-form"
          initialValues={{ product_id: params.get("product"), level: "item", has_hidden: true }}
          onFinish={submit}
          scrollToFirstError
        >
          <Form.Item
            name="product_id"
            label={t("product")}
            rules={[{ required: true, message: t("productMissing") }]}
          >
            <ProductSelect placeholder={t("productHint")} />
          </Form.Item>
          <LevelFields />
          <Form.Item
            name="quantity"
            label={t("quantity")}
            rules={[{ required: true, message: t("quantityMissing") }]}
          >
            <InputNumber<number>
              min={1}
              max={QUANTITY_MAX}
              precision={0}
              className="order-quantity"
              formatter={(value) => String(value ?? "").replace(/\B(?=(\d{3})+(?!\d))/g, ",")}
              parser={(text) => Number(text?.replace(/\D/g, "") ?? 0)}
            />
          </Form.Item>
          <Form.Item name="note" label={t("note")} extra={t("noteHint")}>
            <Input.TextArea maxLength={500} autoSize={{ minRows: 2, maxRows: 6 }} />
          </Form.Item>
          {alert}
          <OrderButton isSending={isSending} />
        </Form>
      </PageBody>
    </>
  );
}

/** What depends on the product: the levels it is packed at, which case, and the hidden codes of items. */
function LevelFields() {
  const t = useWords(words);
  const formats = useFormats();
  const product = useChosenProduct();
  const level = Form.useWatch<Level>("level");
  const levels: Level[] = ["item", "case", "pallet"];
  const cases = product?.cases ?? [];
  return (
    <>
      <Form.Item name="level" label={t("level")}>
        <Segmented
          options={levels.map((value) => ({
            value,
            label: t(`level.${value}`),
            disabled: product !== undefined && !isPackedAt(product, value),
          }))}
        />
      </Form.Item>
      {level === "case" && cases.length > 1 && (
        <Form.Item
          name="gtin"
          label={t("caseGtin")}
          rules={[{ required: true, message: t("caseGtinMissing") }]}
        >
          <Select
            options={cases.map(({ gtin, item_count }) => ({
              value: gtin,
              label: t("caseOf", { gtin, count: formats.count(item_count) }),
            }))}
          />
        </Form.Item>
      )}
      {level !== "pallet" && (
        <Form.Item name="has_hidden" label={t("hasHidden")} extra={t("hiddenHint")} valuePropName="checked">
          <Switch />
        </Form.Item>
      )}
    </>
  );
}

function OrderButton({ isSending }: { isSending: boolean }) {
  const t = useWords(words);
  const formats = useFormats();
  const quantity = Form.useWatch<number | null>("quantity");
  return (
    <Button type="primary" size="large" htmlType="submit" loading={isSending}>
      {quantity ? t("orderNow", { count: formats.count(quantity) }) : t("order")}
    </Button>
  );
}

function useChosenProduct(): ProductView | undefined {
  const id = Form.useWatch<string | undefined>("product_id") ?? "";
  const { data } = useQuery({
    queryKey: ["product", id],
    queryFn: () =>
      answered(api.GET("/api/v1/products/{product_id}", { params: { path: { product_id: id } } })),
    enabled: id !== "",
  });
  return data;
}

function isPackedAt(product: ProductView, level: Level): boolean {
  if (level === "case") return product.cases.length > 0;
  return level === "item" || product.pallet !== null;
}
