import { useQueryClient } from "@tanstack/react-query";
import { type AccountView, answered, api } from "@wuma/api-client";
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
  useMay,
  useMe,
} from "@wuma/ui";
import { App, Button } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { AccountForm } from "./account-form";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  const { message } = App.useApp();
  const mayManage = useMay("accounts.manage");
  const [isFormOpen, setIsFormOpen] = useState(false);
  const columns = useColumns(mayManage);
  const list = useKeysetList(["accounts"], (query, signal) =>
    answered(api.GET("/api/v1/accounts", { params: { query }, signal })),
  );
  const create = mayManage && (
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
          rowKey={(account) => account.id}
          empty={<Empty title={t("empty")} action={create} />}
        />
      </PageBody>
      <AccountForm
        isOpen={isFormOpen}
        onClose={() => setIsFormOpen(false)}
        onCreated={({ name }) => message.success(t("created", { name }))}
      />
    </>
  );
}

function useColumns(mayManage: boolean): Column<AccountView>[] {
  const t = useWords(words);
  const me = useMe();
  const columns: Column<AccountView>[] = [
    {
      key: "name",
      title: t("name"),
      render: (account) => (
        <span>
          {account.name}
          {account.id === me.account_id && <span className="wm-quiet-text">{t("you")}</span>}
        </span>
      ),
    },
    { key: "email", title: t("email"), render: (account) => account.email },
    {
      key: "roles",
      title: t("roles"),
      render: (account) => account.roles.map((role) => t(`role.${role}`)).join(" · "),
    },
    { key: "state", title: t("state"), render: (account) => <AccountStatus account={account} /> },
    { key: "created", title: t("createdAt"), render: (account) => <Instant at={account.created_at} /> },
  ];
  if (mayManage) {
    columns.push({
      key: "actions",
      title: t("actions"),
      isActions: true,
      render: (account) =>
        account.disabled_at === null && account.id !== me.account_id && <Disable account={account} />,
    });
  }
  return columns;
}

function AccountStatus({ account }: { account: AccountView }) {
  const t = useWords(words);
  if (account.disabled_at !== null) return <Status tone="quiet">{t("disabled")}</Status>;
  if (account.locked_until !== null && Date.parse(account.locked_until) > Date.now()) {
    return <Status tone="warn">{t("locked")}</Status>;
  }
  return <Status tone="good">{t("active")}</Status>;
}

function Disable({ account }: { account: AccountView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const { name } = account;
  return (
    <ConfirmButton
      label={t("disable")}
      title={t("disableTitle", { name })}
      explanation={t("disableText")}
      onConfirm={async () => {
        const path = { account_id: account.id };
        await answered(api.DELETE("/api/v1/accounts/{account_id}", { params: { path } }));
        message.success(t("disabledNote", { name }));
        await queryClient.invalidateQueries({ queryKey: ["accounts"] });
      }}
    />
  );
}
