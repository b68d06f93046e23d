import { answered, api, type PartnerBody, type PartnerKind, type PartnerView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer, RegionSelect, RegionsSelect } from "@wuma/ui";
import { Form, Input, Select } from "antd";
import { DealerSelect } from "./dealer";
import { words } from "./words";

interface PartnerFormProps {
  isOpen: boolean;
  onClose: () => void;
  onSaved: (partner: PartnerView) => void;
  /** The partner to change; none makes a new one. */
  partner?: PartnerView;
}

export function PartnerForm({ isOpen, onClose, onSaved, partner }: PartnerFormProps) {
  const t = useWords(words);
  return (
    <FormDrawer<PartnerBody, PartnerView>
      title={partner === undefined ? t("create") : t("edit")}
      submitLabel={partner === undefined ? t("create") : t("save")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["partners", "partner"]}
      onAccepted={onSaved}
      initialValues={partner ?? { kind: "dealer" }}
      send={(fields, headers) => send(fields, headers, partner)}
    >
      <Form.Item
        name="kind"
        label={t("kind")}
        extra={t("kindHint")}
        rules={[{ required: true, message: t("kindMissing") }]}
      >
        <Select
          disabled={partner !== undefined}
          options={(["dealer", "store"] as const).map((value) => ({ value, label: t(`kind.${value}`) }))}
        />
      </Form.Item>
      <Form.Item
        name="code"
        label={t("code")}
        extra={t("codeHint")}
        rules={[{ required: true, message: t("codeMissing") }]}
      >
        <Input maxLength={64} autoComplete="off" />
      </Form.Item>
      <Form.Item name="name" label={t("name")} rules={[{ required: true, message: t("nameMissing") }]}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="gln" label={t("gln")}>
        <Input inputMode="numeric" maxLength={20} autoComplete="off" />
      </Form.Item>
      <Form.Item name="region_code" label={t("region")}>
        <RegionSelect placeholder={t("regionHint")} />
      </Form.Item>
      <Form.Item name="address" label={t("address")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <OfItsKind />
    </FormDrawer>
  );
}

/** What only dealers or only stores have. */
function OfItsKind() {
  const t = useWords(words);
  if (Form.useWatch<PartnerKind>("kind") === "store") {
    return (
      <Form.Item name="parent_id" label={t("parent")}>
        <DealerSelect />
      </Form.Item>
    );
  }
  return (
    <Form.Item name="territory" label={t("territory")} extra={t("territoryHint")}>
      <RegionsSelect placeholder={t("regionHint")} />
    </Form.Item>
  );
}

function send(fields: PartnerBody, headers: { "Idempotency-Key": string }, partner?: PartnerView) {
  const body = { ...fields, gln: fields.gln || null };
  if (partner === undefined) return answered(api.POST("/api/v1/partners", { body, headers }));
  const { longitude, latitude, datum } = partner; // set by an import or a phone on the spot; not typed here
  const params = { path: { partner_id: partner.id }, header: { "if-match": `"${partner.version}"` } };
  const changed = { ...body, longitude, latitude, datum };
  return answered(api.PUT("/api/v1/partners/{partner_id}", { params, body: changed }));
}
