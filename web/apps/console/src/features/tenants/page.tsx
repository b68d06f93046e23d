import { actForTenant, answered, api, type TenantOrder, type TenantView } from "@wuma/api-client";
import { useLocale, useWords } from "@wuma/locale";
import {
  Code,
  type Column,
  Empty,
  FormDrawer,
  Instant,
  PageBody,
  PageHeader,
  RecordTable,
  useKeysetList,
} from "@wuma/ui";
import { App, Button, Form, Input } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { words } from "./words";

const SLUG = /^[a-z0-9][a-z0-9-]{1,39}$/; // what the server takes

export function Component() {
  const t = useWords(words);
  const [isFormOpen, setIsFormOpen] = useState(false);
  const list = useKeysetList(["tenants"], (query, signal) =>
    answered(api.GET("/api/v1/tenants", { params: { query }, signal })),
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
          columns={useColumns()}
          rowKey={(tenant) => tenant.slug}
          empty={<Empty title={t("empty")} />}
        />
      </PageBody>
      <TenantForm isOpen={isFormOpen} onClose={() => setIsFormOpen(false)} />
    </>
  );
}

function useColumns(): Column<TenantView>[] {
  const t = useWords(words);
  const { locale } = useLocale();
  return [
    {
      key: "name",
      title: locale === "en" ? t("nameEn") : t("nameZh"),
      render: (tenant) => (locale === "en" ? tenant.name_en : tenant.name_zh),
    },
    { key: "slug", title: t("slug"), render: (tenant) => <Code value={tenant.slug} /> },
    { key: "created", title: t("createdAt"), render: (tenant) => <Instant at={tenant.created_at} /> },
    {
      key: "actions",
      title: t("actions"),
      isActions: true,
      render: (tenant) => (
        <Button
          size="small"
          onClick={() => {
            actForTenant(tenant.slug);
            location.assign("/console/"); // a fresh start: nothing read before belongs to this tenant
          }}
        >
          {t("actFor")}
        </Button>
      ),
    },
  ];
}

function TenantForm({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useWords(words);
  const { locale } = useLocale();
  const { message } = App.useApp();
  const nameRules = [{ required: true, message: t("nameMissing") }];
  return (
    <FormDrawer<TenantOrder, TenantView>
      title={t("create")}
      isOpen={isOpen}
      onClose={onClose}
      changes={["tenants"]}
      onAccepted={(tenant) =>
        message.success(t("created", { name: locale === "en" ? tenant.name_en : tenant.name_zh }))
      }
      send={(body, headers) => answered(api.POST("/api/v1/tenants", { body, headers }))}
    >
      <Form.Item
        name="slug"
        label={t("slug")}
        extra={t("slugHint")}
        rules={[{ required: true, pattern: SLUG, message: t("slugMissing") }]}
      >
        <Input maxLength={40} autoComplete="off" />
      </Form.Item>
      <Form.Item name="name_zh" label={t("nameZh")} rules={nameRules}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="name_en" label={t("nameEn")} rules={nameRules}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}
