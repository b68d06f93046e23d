import { useQueryClient } from "@tanstack/react-query";
import { answered, api, type NewToken, type TokenView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  type Column,
  ConfirmButton,
  Empty,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  Status,
  useKeysetList,
} from "@wuma/ui";
import { App, Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { SecretDialog } from "./secret-dialog";
import { TokenForm } from "./token-form";
import "./tokens.css";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  const [isFormOpen, setIsFormOpen] = useState(false);
  const [newToken, setNewToken] = useState<NewToken | null>(null);
  const columns = useColumns();
  const list = useKeysetList(["tokens"], (query, signal) =>
    answered(api.GET("/api/v1/tokens", { params: { query }, signal })),
  );
  const create = (
    <Button type="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setIsFormOpen(true)}>
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} actions={create} />
      <PageBody>
        <RecordTable
          label={t("title")}
          list={list}
          columns={columns}
          rowKey={(token) => token.id}
          empty={<Empty title={t("empty")} hint={t("emptyHint")} />}
        />
      </PageBody>
      <TokenForm isOpen={isFormOpen} onClose={() => setIsFormOpen(false)} onCreated={setNewToken} />
      <SecretDialog token={newToken} onClose={() => setNewToken(null)} />
    </>
  );
}

function useColumns(): Column<TokenView>[] {
  const t = useWords(words);
  return [
    { key: "name", title: t("name"), render: (token) => token.name },
    {
      key: "permissions",
      title: t("permissions"),
      render: (token) => <code className="wm-quiet-text">{token.permissions.join(" · ")}</code>,
    },
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
    { key: "created", title: t("createdAt"), render: (token) => <Instant at={token.created_at} /> },
    {
      key: "actions",
      title: t("actions"),
      isActions: true,
      render: (token) => token.revoked_at === null && !hasExpired(token) && <Revoke token={token} />,
    },
  ];
}

function hasExpired(token: TokenView): boolean {
  return Date.parse(token.expires_at) <= Date.now();
}

function Revoke({ token }: { token: TokenView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const { name } = token;
  return (
    <ConfirmButton
      label={t("revoke")}
      title={t("revokeTitle", { name })}
      explanation={t("revokeText")}
      onConfirm={async () => {
        const path = { token_id: token.id };
        await answered(api.DELETE("/api/v1/tokens/{token_id}", { params: { path } }));
        message.success(t("revokedNote", { name }));
        await queryClient.invalidateQueries({ queryKey: ["tokens"] });
      }}
    />
  );
}
