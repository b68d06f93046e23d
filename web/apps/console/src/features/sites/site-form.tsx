import { answered, api, type SiteBody, type SiteView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer, RegionSelect } from "@wuma/ui";
import { Form, Input, Select } from "antd";
import { words } from "./words";

interface SiteFormProps {
  isOpen: boolean;
  onClose: () => void;
  onSaved: (site: SiteView) => void;
  /** The site to change; none makes a new one. */
  site?: SiteView;
}

export function SiteForm({ isOpen, onClose, onSaved, site }: SiteFormProps) {
  const t = useWords(words);
  return (
    <FormDrawer<SiteBody, SiteView>
      title={site === undefined ? t("create") : t("edit")}
      submitLabel={site === undefined ? t("create") : t("save")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["sites", "site"]}
      onAccepted={onSaved}
      initialValues={site ?? { kind: "factory" }}
      send={(body, headers) => {
        if (site === undefined) return answered(api.POST("/api/v1/sites", { body, headers }));
        const params = { path: { site_id: site.id }, header: { "if-match": `"${site.version}"` } };
        return answered(api.PUT("/api/v1/sites/{site_id}", { params, body }));
      }}
    >
      <Form.Item name="kind" label={t("kind")} rules={[{ required: true, message: t("kindMissing") }]}>
        <Select
          options={(["factory", "warehouse"] as const).map((value) => ({ value, label: t(`kind.${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="name" label={t("name")} rules={[{ required: true, message: t("nameMissing") }]}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="gln"
        label={t("gln")}
        extra={t("glnHint")}
        rules={[{ required: true, message: t("glnMissing") }]}
      >
        <Input inputMode="numeric" maxLength={20} autoComplete="off" />
      </Form.Item>
      <Form.Item name="region_code" label={t("region")}>
        <RegionSelect placeholder={t("regionHint")} />
      </Form.Item>
      <Form.Item name="address" label={t("address")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}
