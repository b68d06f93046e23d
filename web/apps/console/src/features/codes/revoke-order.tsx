import { answered, api, type OrderView, type Revocation } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { FormDrawer } from "@wuma/ui";
import { Alert, App, Form, Input } from "antd";
import { words } from "./words";

interface RevokeOrderProps {
  order: OrderView;
  isOpen: boolean;
  onClose: () => void;
}

export function RevokeOrder({ order, isOpen, onClose }: RevokeOrderProps) {
  const t = useWords(words);
  const { message } = App.useApp();
  const { id } = order;
  return (
    <FormDrawer<Revocation, OrderView>
      title={t("revokeTitle", { id })}
      submitLabel={t("revoke")}
      isDanger
      isOpen={isOpen}
      onClose={onClose}
      changes={["code-orders", "code-order"]}
      onAccepted={() => message.success(t("revokedNote", { id }))}
      send={(body, headers) => {
        const params = { path: { order_id: id } };
        return answered(api.POST("/api/v1/code-orders/{order_id}/revocation", { params, body, headers }));
      }}
    >
      <Alert type="error" showIcon title={t("revokeHint")} />
      <Form.Item
        name="reason"
        label={t("reason")}
        rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}
      >
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}
