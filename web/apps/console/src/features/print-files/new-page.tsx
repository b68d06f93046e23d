import { useQuery } from "@tanstack/react-query";
import { answered, api, type PrintFileForm, type PrintFileView, type SheetForm } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { BackLink, PageBody, PageHeader, Section, useMay, useSubmit } from "@wuma/ui";
import { Button, Form, Input, InputNumber, Segmented, Select } from "antd";
import { useNavigate, useSearchParams } from "react-router";
import { OrderSelect } from "./order-select";
import "./print-files.css";
import { SheetFields } from "./sheet-fields";
import { TemplateFields } from "./template-fields";
import { words } from "./words";

const SHEET_CODES_MAX = 10_000; // what the server takes; more belong on a press
const ACCOUNTS_COUNT = 200; // the largest page; a brand has tens of accounts

type Fields = { what: "rows" | "sheets"; order_id: number } & PrintFileForm & SheetForm;

/** Order print files: of which codes, with which columns or on which sheets, for whom. */
export function Component() {
  const t = useWords(words);
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [form] = Form.useForm<Fields>();
  const what = Form.useWatch("what", form);
  const order = params.get("order");
  const { submit, isSending, alert } = useSubmit<Fields, PrintFileView[]>({
    form,
    send,
    onAccepted: ([file, ...others]) => {
      if (file === undefined) return;
      void navigate(others.length === 0 ? `/print-files/${file.id}` : `/print-files?order=${file.order_id}`);
    },
    changes: ["print-files"],
  });
  return (
    <>
      <PageHeader
        back={<BackLink to="/print-files">{t("title")}</BackLink>}
        title={t("make")}
        purpose={t("makePurpose")}
      />
      <PageBody>
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          className="print-form wm-page-body"
          initialValues={{ what: "rows", order_id: order === null ? undefined : Number(order), first: 1 }}
          onFinish={submit}
          scrollToFirstError
        >
          <Section title={t("range")}>
            <Form.Item name="what" label={t("what")}>
              <Segmented
                vertical
                options={(["rows", "sheets"] as const).map((value) => ({ value, label: t(`what.${value}`) }))}
              />
            </Form.Item>
            <Form.Item
              name="order_id"
              label={t("order")}
              rules={[{ required: true, message: t("orderMissing") }]}
            >
              <OrderSelect />
            </Form.Item>
            {what === "sheets" ? <SheetRange /> : <RowRange />}
          </Section>
          <Section title={t("content")}>{what === "sheets" ? <SheetFields /> : <TemplateFields />}</Section>
          <Section title={t("recipient")}>
            <RecipientFields />
          </Section>
          {alert}
          <div>
            <Button type="primary" size="large" htmlType="submit" loading={isSending}>
              {t("makeNow")}
            </Button>
          </div>
        </Form>
      </PageBody>
    </>
  );
}

async function send(
  { what, order_id, ...body }: Fields,
  headers: { "Idempotency-Key": string },
): Promise<PrintFileView[]> {
  const params = { path: { order_id } };
  if (what === "sheets") {
    return [await answered(api.POST("/api/v1/code-orders/{order_id}/sheets", { params, body, headers }))];
  }
  return answered(api.POST("/api/v1/code-orders/{order_id}/print-files", { params, body, headers }));
}

function RowRange() {
  const t = useWords(words);
  return (
    <div className="wm-columns">
      <Form.Item name="first" label={t("first")}>
        <InputNumber min={1} precision={0} className="wm-wide" />
      </Form.Item>
      <Form.Item name="last" label={t("last")} extra={t("lastHint")}>
        <InputNumber min={1} precision={0} className="wm-wide" />
      </Form.Item>
      <Form.Item name="codes_per_file" label={t("perFile")} extra={t("perFileHint")}>
        <InputNumber min={1} precision={0} className="wm-wide" />
      </Form.Item>
    </div>
  );
}

function SheetRange() {
  const t = useWords(words);
  return (
    <div className="wm-columns">
      <Form.Item name="first" label={t("first")}>
        <InputNumber min={1} precision={0} className="wm-wide" />
      </Form.Item>
      <Form.Item
        name="count"
        label={t("sheetCount")}
        rules={[{ required: true, message: t("sheetCountMissing") }]}
      >
        <InputNumber min={1} max={SHEET_CODES_MAX} precision={0} className="wm-wide" />
      </Form.Item>
    </div>
  );
}

function RecipientFields() {
  const t = useWords(words);
  const vendors = useVendors();
  return (
    <>
      <Form.Item
        name="recipient_name"
        label={t("recipientName")}
        rules={[{ required: true, whitespace: true, message: t("recipientNameMissing") }]}
      >
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="recipient_public_key"
        label={t("recipientKey")}
        extra={t("recipientKeyHint")}
        rules={[{ required: true, pattern: /^\s*age1/, message: t("recipientKeyMissing") }]}
      >
        <Input maxLength={200} autoComplete="off" spellCheck={false} />
      </Form.Item>
      {vendors.length > 0 && (
        <Form.Item name="recipient_account" label={t("recipientAccount")} extra={t("recipientAccountHint")}>
          <Select allowClear placeholder={t("anyVendor")} options={vendors} />
        </Form.Item>
      )}
      <Form.Item name="reprint_reason" label={t("reprint")}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
    </>
  );
}

/** The printing vendors among the accounts, for those who may see accounts. */
function useVendors() {
  const mayRead = useMay("accounts.read");
  const { data } = useQuery({
    queryKey: ["accounts", "vendors"],
    queryFn: () => answered(api.GET("/api/v1/accounts", { params: { query: { limit: ACCOUNTS_COUNT } } })),
    enabled: mayRead,
  });
  return (data?.items ?? [])
    .filter((account) => account.disabled_at === null && account.roles.includes("printing_vendor"))
    .map((account) => ({ value: account.id, label: `${account.name} · ${account.email}` }));
}
