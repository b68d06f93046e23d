import { answered, api, type CorrectionBody, type ProductView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { Form, Input, Select } from "antd";
import { words } from "./words";

interface GtinCorrectionProps {
  product: ProductView;
  isOpen: boolean;
  onClose: () => void;
  onCorrected: (product: ProductView) => void;
}

/** Give the product, or a case of it, the GTIN it should have had; what was printed stays alive. */
export function GtinCorrection({ product, isOpen, onClose, onCorrected }: GtinCorrectionProps) {
  const t = useWords(words);
  const inForce = [
    { value: product.gtin, label: `${t("levelItem")} · ${product.gtin}` },
    ...product.cases.map(({ gtin }) => ({ value: gtin, label: `${t("levelCase")} · ${gtin}` })),
  ];
  return (
    <FormDrawer<CorrectionBody, ProductView>
      title={t("correctGtin")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["products", "product", "links"]}
      onAccepted={onCorrected}
      initialValues={{ wrong: product.gtin }}
      send={(body) => correct(product, body)}
    >
      <p>{t("correctGtinText")}</p>
      <Form.Item name="wrong" label={t("wrongGtin")}>
        <Select options={inForce} />
      </Form.Item>
      <Form.Item name="right" label={t("rightGtin")} rules={[{ required: true, message: t("gtinMissing") }]}>
        <Input inputMode="numeric" maxLength={14} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="reason"
        label={t("reason")}
        rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}
      >
        <Input maxLength={500} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}

function correct(product: ProductView, body: CorrectionBody): Promise<ProductView> {
  const params = { path: { product_id: product.id }, header: { "if-match": `"${product.version}"` } };
  return answered(api.POST("/api/v1/products/{product_id}/gtin-corrections", { params, body }));
}
