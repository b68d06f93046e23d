import { answered, api, type NewToken, type TokenOrder } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer, useMe } from "@wuma/ui";
import { Checkbox, Form, Input, InputNumber } from "antd";
import { words } from "./words";

interface TokenFormProps {
  isOpen: boolean;
  onClose: () => void;
  onCreated: (token: NewToken) => void;
}

export function TokenForm({ isOpen, onClose, onCreated }: TokenFormProps) {
  const t = useWords(words);
  const { permissions } = useMe();
  return (
    <FormDrawer<TokenOrder, NewToken>
      title={t("create")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["tokens"]}
      onAccepted={onCreated}
      initialValues={{ days: 90, permissions: [] }}
      send={(body, headers) => answered(api.POST("/api/v1/tokens", { body, headers }))}
    >
      <Form.Item
        name="name"
        label={t("name")}
        extra={t("nameHint")}
        rules={[{ required: true, message: t("nameMissing") }]}
      >
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="permissions"
        label={t("permissions")}
        extra={t("permissionsHint")}
        rules={[{ required: true, message: t("permissionsMissing") }]}
      >
        <Checkbox.Group
          className="token-permissions"
          options={permissions.map((value) => ({ value, label: <code>{value}</code> }))}
        />
      </Form.Item>
      <Form.Item name="days" label={t("days")} rules={[{ required: true, message: t("daysMissing") }]}>
        <InputNumber min={1} max={366} precision={0} />
      </Form.Item>
    </FormDrawer>
  );
}
