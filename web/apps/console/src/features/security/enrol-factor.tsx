import { answered, api, type TotpCode } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Code, useSubmit } from "@wuma/ui";
import { Button, Form, Input, QRCode } from "antd";
import "./security.css";
import { words } from "./words";

interface EnrolFactorProps {
  otpauthUri: string;
  onDone: () => void;
  onCancel: () => void;
}

/** Hand the secret to the app by QR code or by hand, and let its owner prove that the app has it. */
export function EnrolFactor({ otpauthUri, onDone, onCancel }: EnrolFactorProps) {
  const t = useWords(words);
  const [form] = Form.useForm<TotpCode>();
  const secret = new URL(otpauthUri).searchParams.get("secret") ?? "";
  const { submit, isSending, alert } = useSubmit<TotpCode, undefined>({
    form,
    send: (body) => answered(api.PUT("/api/v1/me/totp", { body })),
    onAccepted: onDone,
    changes: [],
  });
  return (
    <ol className="enrol">
      <li>
        <p>{t("scanStep")}</p>
        <div role="img" aria-label={t("qr")}>
          <QRCode value={otpauthUri} type="svg" size={176} />
        </div>
        <details>
          <summary>{t("manual")}</summary>
          <Code value={secret}>{secret.replace(/(.{4})(?=.)/g, "$1 ")}</Code>
        </details>
      </li>
      <li>
        <p>{t("codeStep")}</p>
        <Form<TotpCode> form={form} layout="vertical" requiredMark={false} onFinish={submit}>
          <Form.Item
            name="totp"
            label={t("code")}
            rules={[{ required: true, pattern: /^\d{6}$/, message: t("codeMissing") }]}
          >
            <Input inputMode="numeric" autoComplete="one-time-code" maxLength={6} />
          </Form.Item>
          {alert}
          <div className="wm-drawer-buttons">
            <Button type="primary" htmlType="submit" loading={isSending}>
              {t("confirm")}
            </Button>
            <Button onClick={onCancel}>{t("cancel")}</Button>
          </div>
        </Form>
      </li>
    </ol>
  );
}
