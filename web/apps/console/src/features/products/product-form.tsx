import { answered, api, type ProductBody, type ProductView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { Button, Form, Input, InputNumber, Select, Switch } from "antd";
import { Plus, Trash2 } from "lucide-react";
import { words } from "./words";

interface ProductFormProps {
  isOpen: boolean;
  onClose: () => void;
  onSaved: (product: ProductView) => void;
  /** The product to change; none makes a new one. */
  product?: ProductView;
}

type Fields = Omit<ProductBody, "pallet"> & { hasPallet: boolean; pallet?: ProductBody["pallet"] };

export function ProductForm({ isOpen, onClose, onSaved, product }: ProductFormProps) {
  const t = useWords(words);
  return (
    <FormDrawer<Fields, ProductView>
      title={product === undefined ? t("create") : t("edit")}
      submitLabel={product === undefined ? t("create") : t("save")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["products", "product"]}
      onAccepted={onSaved}
      initialValues={product === undefined ? { cases: [] } : fieldsOf(product)}
      send={(fields, headers) => send(bodyOf(fields), headers, product)}
    >
      <Form.Item
        name="gtin"
        label={t("gtin")}
        extra={t("gtinHint")}
        rules={[{ required: true, message: t("gtinMissing") }]}
      >
        <Input inputMode="numeric" maxLength={14} disabled={product !== undefined} autoComplete="off" />
      </Form.Item>
      <Names />
      <div className="wm-columns">
        <Form.Item name="category" label={t("category")}>
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
        <Form.Item name="stage" label={t("stage")}>
          <Select
            allowClear
            options={[1, 2, 3, 4].map((stage) => ({ value: stage, label: t("stageN", { stage }) }))}
          />
        </Form.Item>
        <Whole name="net_weight_g" label={t("netWeightG")} />
        <Whole name="shelf_life_days" label={t("shelfLifeDays")} />
        <Whole name="age_from_months" label={t("ageFromMonths")} min={0} />
      </div>
      <Cases />
      <PalletFields />
    </FormDrawer>
  );
}

function Names() {
  const t = useWords(words);
  return (
    <div className="wm-columns">
      <Form.Item
        name="name_zh"
        label={t("nameZh")}
        dependencies={["name_en"]}
        rules={[
          ({ getFieldValue }) => ({
            validator: async (_rule, name) => {
              if (!name && !getFieldValue("name_en")) throw new Error(t("nameMissing"));
            },
          }),
        ]}
      >
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="name_en" label={t("nameEn")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="brand_zh" label={t("brandZh")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="brand_en" label={t("brandEn")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
    </div>
  );
}

function Whole({ name, label, min = 1 }: { name: string; label: string; min?: number }) {
  return (
    <Form.Item name={name} label={label}>
      <InputNumber min={min} precision={0} className="wm-wide" />
    </Form.Item>
  );
}

function Cases() {
  const t = useWords(words);
  const needed = [{ required: true, message: t("caseMissing") }];
  return (
    <Form.List name="cases">
      {(fields, { add, remove }) => (
        <fieldset className="wm-fieldset">
          <legend>{t("cases")}</legend>
          {fields.map(({ key, name }) => (
            <div key={key} className="wm-row">
              <Form.Item name={[name, "gtin"]} label={t("caseGtin")} rules={needed}>
                <Input inputMode="numeric" maxLength={14} autoComplete="off" />
              </Form.Item>
              <Form.Item name={[name, "item_count"]} label={t("caseCount")} rules={needed}>
                <InputNumber min={1} precision={0} />
              </Form.Item>
              <Button
                type="text"
                icon={<Trash2 size={16} aria-hidden />}
                aria-label={t("removeCase")}
                onClick={() => remove(name)}
              />
            </div>
          ))}
          <Button size="small" icon={<Plus size={14} aria-hidden />} onClick={() => add()}>
            {t("addCase")}
          </Button>
        </fieldset>
      )}
    </Form.List>
  );
}

function PalletFields() {
  const t = useWords(words);
  const hasPallet = Form.useWatch<boolean>("hasPallet") === true;
  return (
    <>
      <Form.Item name="hasPallet" label={t("hasPallet")} valuePropName="checked">
        <Switch />
      </Form.Item>
      {hasPallet && (
        <div className="wm-columns">
          <Form.Item
            name={["pallet", "company_prefix"]}
            label={t("companyPrefix")}
            rules={[{ required: true, pattern: /^\d{4,12}$/, message: t("companyPrefixMissing") }]}
          >
            <Input inputMode="numeric" maxLength={12} autoComplete="off" />
          </Form.Item>
          <Form.Item name={["pallet", "extension"]} label={t("extension")} initialValue={0}>
            <InputNumber min={0} max={9} precision={0} className="wm-wide" />
          </Form.Item>
          <Form.Item
            name={["pallet", "case_count"]}
            label={t("palletCount")}
            rules={[{ required: true, message: t("palletCountMissing") }]}
          >
            <InputNumber min={1} precision={0} className="wm-wide" />
          </Form.Item>
        </div>
      )}
    </>
  );
}

function fieldsOf(product: ProductView): Fields {
  return { ...product, hasPallet: product.pallet !== null };
}

function bodyOf({ hasPallet, ...fields }: Fields): ProductBody {
  return { ...fields, pallet: hasPallet ? (fields.pallet ?? null) : null };
}

function send(body: ProductBody, headers: { "Idempotency-Key": string }, product?: ProductView) {
  if (product === undefined) return answered(api.POST("/api/v1/products", { body, headers }));
  const params = { path: { product_id: product.id }, header: { "if-match": `"${product.version}"` } };
  return answered(api.PUT("/api/v1/products/{product_id}", { params, body }));
}
