import { useMutation } from "@tanstack/react-query";
import { answered, api, type Preview, type RecallForm, type RecallView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { BackLink, PageBody, PageHeader, ProblemAlert, Section, useSubmit } from "@wuma/ui";
import { Alert, App, Button, Form, Input, Radio, Segmented } from "antd";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import "./recalls.css";
import { PreviewFindings } from "./preview";
import { type Scope, type ScopeFields, scopeOf } from "./scope";
import { ScopeFieldsOf } from "./scope-fields";
import { words } from "./words";

interface Fields extends ScopeFields, Omit<RecallForm, "scope"> {}

/** Say what is to come back, see how much that is and who has it, then decide. */
export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const { message } = App.useApp();
  const [params] = useSearchParams();
  const [form] = Form.useForm<Fields>();
  const [seen, setSeen] = useState<{ scope: string; preview: Preview } | null>(null);
  const previewing = useMutation({
    mutationFn: async (scope: Scope) => {
      const preview = await answered(api.POST("/api/v1/recalls/previews", { body: { scope } }));
      return { scope: JSON.stringify(scope), preview };
    },
    onSuccess: setSeen,
  });
  const { submit, isSending, alert } = useSubmit<RecallForm, RecallView>({
    form,
    send: (body, headers) => answered(api.POST("/api/v1/recalls", { body, headers })),
    onAccepted: (recall) => {
      message.success(t("opened", { number: recall.number }));
      void navigate(`/recalls/${recall.id}`);
    },
    changes: ["recalls", "batches", "batch"],
  });
  const look = async () => {
    const fields = await form.validateFields([
      "kind",
      "batch_id",
      "name",
      "line_id",
      "since",
      "until",
      "codes",
    ]);
    previewing.mutate(scopeOf(fields as ScopeFields));
  };
  return (
    <>
      <PageHeader
        back={<BackLink to="/recalls">{t("recalls")}</BackLink>}
        title={t("newRecall")}
        purpose={t("newRecallPurpose")}
      />
      <PageBody>
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          className="recall-form"
          initialValues={{ kind: "batch", batch_id: params.get("batch"), is_drill: true, risk_class: 1 }}
          onValuesChange={(changed: Partial<Fields>) => {
            if (
              ["kind", "batch_id", "name", "line_id", "since", "until", "codes"].some(
                (name) => name in changed,
              )
            )
              setSeen(null);
          }}
          onFinish={({ title, reason, risk_class, is_drill, notice, ...scope }) =>
            submit({ title, reason, risk_class, is_drill, notice, scope: scopeOf(scope) })
          }
          scrollToFirstError
        >
          <Section title={t("scopeKind")}>
            <ScopeFieldsOf />
            <Button onClick={() => void look()} loading={previewing.isPending}>
              {t("preview")}
            </Button>
          </Section>
          {previewing.error !== null && <ProblemAlert error={previewing.error} />}
          {seen !== null && <PreviewFindings preview={seen.preview} />}
          {seen !== null && seen.preview.items + seen.preview.others > 0 && (
            <>
              <CaseFields />
              {alert}
              <OpenButton items={seen.preview.items} isSending={isSending} />
            </>
          )}
        </Form>
      </PageBody>
    </>
  );
}

/** What the file of the case says, and whether it is real. */
function CaseFields() {
  const t = useWords(words);
  const isDrill = Form.useWatch<boolean>("is_drill");
  const classes = [1, 2, 3] as const;
  return (
    <>
      <Form.Item name="is_drill" label={t("mode")}>
        <Segmented
          options={[
            { value: true, label: t("drill") },
            { value: false, label: t("real") },
          ]}
        />
      </Form.Item>
      <Alert
        type={isDrill === false ? "warning" : "info"}
        showIcon
        title={isDrill === false ? t("realHint") : t("drillHint")}
      />
      <Form.Item name="risk_class" label={t("riskClass")}>
        <Radio.Group options={classes.map((value) => ({ value, label: t(`class.${value}`) }))} />
      </Form.Item>
      <Form.Item
        name="title"
        label={t("title")}
        extra={t("titleHint")}
        rules={[{ required: true, whitespace: true, message: t("titleMissing") }]}
      >
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item
        name="reason"
        label={t("reason")}
        extra={t("reasonHint")}
        rules={[{ required: true, whitespace: true, message: t("reasonMissing") }]}
      >
        <Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 8 }} />
      </Form.Item>
      <Form.Item
        name="notice"
        label={t("notice")}
        extra={t("noticeHint")}
        rules={[{ required: true, whitespace: true, message: t("noticeMissing") }]}
      >
        <Input.TextArea maxLength={1000} autoSize={{ minRows: 2, maxRows: 8 }} />
      </Form.Item>
    </>
  );
}

function OpenButton({ items, isSending }: { items: number; isSending: boolean }) {
  const t = useWords(words);
  const formats = useFormats();
  const isDrill = Form.useWatch<boolean>("is_drill");
  return (
    <Button type="primary" size="large" danger={isDrill === false} htmlType="submit" loading={isSending}>
      {isDrill === false ? t("openReal", { count: formats.count(items) }) : t("openDrill")}
    </Button>
  );
}
