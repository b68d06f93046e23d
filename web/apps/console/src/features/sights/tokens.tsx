import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type LentToken, type LentTokenOrder, type NewLentToken } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  type Column,
  ConfirmButton,
  CopyButton,
  Empty,
  FormDrawer,
  fixedList,
  Instant,
  Loaded,
  RecordTable,
  Section,
  Status,
} from "@wuma/ui";
import { App, Button, Form, Input, InputNumber, Modal } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { words } from "./words";
import "./sights.css";

/** The tokens that a partner's systems read with; a secret is seen once. */
export function TokensSection({ partnerId }: { partnerId: string }) {
  const t = useWords(words);
  const [isFormOpen, setIsFormOpen] = useState(false);
  const [lent, setLent] = useState<NewLentToken | null>(null);
  const params = { path: { partner_id: partnerId } };
  const columns = useColumns(partnerId);
  const query = useQuery({
    queryKey: ["lent-tokens", partnerId],
    queryFn: () => answered(api.GET("/api/v1/partner-sights/{partner_id}/tokens", { params })),
  });
  return (
    <Section title={t("tokens")}>
      <p className="wm-quiet-text">{t("tokensHint")}</p>
      <p>
        <Button icon={<Plus size={14} aria-hidden />} onClick={() => setIsFormOpen(true)}>
          {t("lend")}
        </Button>
      </p>
      <Loaded query={query}>
        {(tokens) => (
          <RecordTable
            label={t("tokens")}
            list={fixedList(tokens)}
            columns={columns}
            rowKey={(token) => token.id}
            empty={<Empty title={t("noTokens")} />}
          />
        )}
      </Loaded>
      <FormDrawer<LentTokenOrder, NewLentToken>
        title={t("lend")}
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        changes={["lent-tokens"]}
        onAccepted={setLent}
        initialValues={{ days: 90 }}
        send={(body, headers) =>
          answered(api.POST("/api/v1/partner-sights/{partner_id}/tokens", { params, body, headers }))
        }
      >
        <Form.Item
          name="name"
          label={t("tokenName")}
          extra={t("tokenNameHint")}
          rules={[{ required: true, message: t("tokenNameMissing") }]}
        >
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item name="days" label={t("days")} rules={[{ required: true, message: t("daysMissing") }]}>
          <InputNumber min={1} max={366} precision={0} />
        </Form.Item>
      </FormDrawer>
      <Secret token={lent} onClose={() => setLent(null)} />
    </Section>
  );
}

function useColumns(partnerId: string): Column<LentToken>[] {
  const t = useWords(words);
  return [
    { key: "name", title: t("tokenName"), render: (token) => token.name },
    {
      key: "state",
      title: t("state"),
      render: (token) => {
        if (token.revoked_at !== null) return <Status tone="quiet">{t("revoked")}</Status>;
        if (hasExpired(token)) return <Status tone="warn">{t("expired")}</Status>;
        return <Status tone="good">{t("valid")}</Status>;
      },
    },
    { key: "expires", title: t("expiresAt"), render: (token) => <Instant at={token.expires_at} /> },
    { key: "used", title: t("lastUsedAt"), render: (token) => <Instant at={token.last_used_at} /> },
    {
      key: "actions",
      title: t("actions"),
      isActions: true,
      render: (token) =>
        token.revoked_at === null && !hasExpired(token) && <TakeBack partnerId={partnerId} token={token} />,
    },
  ];
}

function hasExpired(token: LentToken): boolean {
  return Date.parse(token.expires_at) <= Date.now();
}

function TakeBack({ partnerId, token }: { partnerId: string; token: LentToken }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const { name } = token;
  return (
    <ConfirmButton
      label={t("takeBack")}
      title={t("takeBackTitle", { name })}
      explanation={t("takeBackText")}
      onConfirm={async () => {
        const path = { partner_id: partnerId, token_id: token.id };
        await answered(
          api.DELETE("/api/v1/partner-sights/{partner_id}/tokens/{token_id}", { params: { path } }),
        );
        message.success(t("takenBack", { name }));
        await queryClient.invalidateQueries({ queryKey: ["lent-tokens"] });
      }}
    />
  );
}

function Secret({ token, onClose }: { token: NewLentToken | null; onClose: () => void }) {
  const t = useWords(words);
  return (
    <Modal
      open={token !== null}
      title={t("secretTitle")}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {t("secretDone")}
        </Button>
      }
    >
      <p>{t("secretText")}</p>
      <p className="sight-secret">
        <code>{token?.token}</code>
      </p>
      {token !== null && <CopyButton value={token.token} label={t("secretCopy")} />}
    </Modal>
  );
}
