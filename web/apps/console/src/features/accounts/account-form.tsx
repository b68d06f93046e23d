import { type AccountOrder, type AccountView, answered, api, type Role } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer, useMe } from "@wuma/ui";
import { Form, Input, Select } from "antd";
import { words } from "./words";

/** The roles of a brand's own people; operators of the platform are made by the platform. */
const BRAND_ROLES: Role[] = [
  "brand_admin",
  "qa",
  "marketer",
  "channel_manager",
  "line_operator",
  "customer_service",
  "printing_vendor",
  "auditor",
];

interface AccountFormProps {
  isOpen: boolean;
  onClose: () => void;
  onCreated: (account: AccountView) => void;
}

export function AccountForm({ isOpen, onClose, onCreated }: AccountFormProps) {
  const t = useWords(words);
  const isPlatform = useMe().tenant_id === 0;
  const roles: Role[] = isPlatform ? ["platform_operator"] : BRAND_ROLES;
  return (
    <FormDrawer<AccountOrder, AccountView>
      title={t("create")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["accounts"]}
      onAccepted={onCreated}
      send={(body, headers) => answered(api.POST("/api/v1/accounts", { body, headers }))}
    >
      <Form.Item name="name" label={t("name")} rules={[{ required: true, message: t("nameMissing") }]}>
        <Input autoComplete="off" maxLength={200} />
      </Form.Item>
      <Form.Item name="email" label={t("email")} rules={[{ required: true, message: t("emailMissing") }]}>
        <Input type="email" autoComplete="off" maxLength={200} />
      </Form.Item>
      <Form.Item name="roles" label={t("roles")} rules={[{ required: true, message: t("rolesMissing") }]}>
        <Select mode="multiple" options={roles.map((value) => ({ value, label: t(`role.${value}`) }))} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t("password")}
        extra={t("passwordHint")}
        rules={[{ required: true, message: t("passwordMissing") }]}
      >
        <Input.Password autoComplete="new-password" maxLength={200} />
      </Form.Item>
    </FormDrawer>
  );
}
