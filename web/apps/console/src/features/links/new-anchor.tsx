import { answered, api, Problem } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer, ProductSelect } from "@wuma/ui";
import { Form, Input } from "antd";
import { useState } from "react";
import { words } from "./words";

interface NewAnchorProps {
  isOpen: boolean;
  onClose: () => void;
  onChosen: (anchor: string) => void;
}

interface Fields {
  product?: string;
  lot?: string;
  serial?: string;
  otherKey?: string;
}

/** Choose what links are said of: a product, a lot or an item of it, or any other GS1 key. */
export function NewAnchor({ isOpen, onClose, onChosen }: NewAnchorProps) {
  const t = useWords(words);
  const [gtin, setGtin] = useState<string | null>(null);
  return (
    <FormDrawer<Fields, string>
      title={t("create")}
      submitLabel={t("continue")}
      isOpen={isOpen}
      onClose={onClose}
      changes={[]}
      onAccepted={onChosen}
      send={({ lot, serial, otherKey }) => check(otherKey || anchorOf(gtin, lot, serial))}
    >
      <Form.Item
        name="product"
        label={t("product")}
        dependencies={["otherKey"]}
        rules={[
          ({ getFieldValue }) => ({
            validator: async (_rule, product) => {
              if (!product && !getFieldValue("otherKey")) throw new Error(t("keyMissing"));
            },
          }),
        ]}
      >
        <ProductSelect onChange={(_id, product) => setGtin(product?.gtin ?? null)} />
      </Form.Item>
      <div className="wm-columns">
        <Form.Item name="lot" label={t("lot")}>
          <Input maxLength={20} autoComplete="off" />
        </Form.Item>
        <Form.Item name="serial" label={t("serial")}>
          <Input maxLength={20} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item name="otherKey" label={t("otherKey")} extra={t("otherKeyHint")}>
        <Input maxLength={500} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}

function anchorOf(gtin: string | null, lot = "", serial = ""): string {
  const qualifiers = [
    ["10", lot.trim()],
    ["21", serial.trim()],
  ].map(([ai, value]) => (value ? `/${ai}/${encodeURIComponent(value)}` : ""));
  return `/01/${gtin}${qualifiers.join("")}`;
}

/** Let the server read it: what it has nothing of is fine, what it cannot read is not. */
async function check(anchor: string): Promise<string> {
  try {
    await answered(api.GET("/api/v1/links/editions", { params: { query: { anchor } } }));
  } catch (error) {
    if (!(error instanceof Problem) || error.slug !== "not-found") throw error;
  }
  return anchor;
}
