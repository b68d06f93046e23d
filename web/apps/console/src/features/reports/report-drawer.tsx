import { answered, api, type Handling, type ReportView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { ActorName, Code, Facts, Instant, useSubmit } from "@wuma/ui";
import { App, Button, Drawer, Form, Image, Input } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { isConcern } from "./concern";
import { words } from "./words";

export function ReportDrawer({ report, onClose }: { report: ReportView | null; onClose: () => void }) {
  const t = useWords(words);
  return (
    <Drawer
      title={t("details")}
      open={report !== null}
      onClose={onClose}
      size={520}
      styles={{ wrapper: { maxWidth: "100vw" } }}
      destroyOnHidden
    >
      {report !== null && <Details report={report} />}
      {report?.handled_at === null && <HandleForm report={report} />}
    </Drawer>
  );
}

function Details({ report }: { report: ReportView }) {
  const t = useWords(words);
  const formats = useFormats();
  const { concern } = report;
  const facts: Array<[string, ReactNode]> = [
    [t("at"), formats.instantExact(report.at)],
    [t("concern"), isConcern(concern) ? t(`concern.${concern}`) : concern],
    [t("contact"), report.contact === null ? "–" : <Code key="contact" value={report.contact} />],
    [t("scanned"), report.scanned === null ? "–" : <Code key="scanned" value={report.scanned} />],
  ];
  if (report.handled_at !== null) {
    facts.push([t("handledAt"), <Instant key="at" at={report.handled_at} />]);
    if (report.handled_by !== null) {
      facts.push([t("handledBy"), <ActorName key="by" actor={report.handled_by} />]);
    }
    facts.push([t("handledNote"), report.handled_note]);
  }
  return (
    <>
      {report.text !== "" && <blockquote className="wm-quote">{report.text}</blockquote>}
      {report.has_photo && (
        <Image
          src={`/api/v1/reports/${report.id}/photo`}
          alt={t("photoOf", { at: formats.instant(report.at) })}
          className="wm-photo"
        />
      )}
      <Facts facts={facts} />
      {report.unit !== null && (
        <p>
          <Link to={`/scans?unit=${report.unit}`}>{t("itsScans")}</Link>
        </p>
      )}
    </>
  );
}

function HandleForm({ report }: { report: ReportView }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const [form] = Form.useForm<Handling>();
  const { submit, isSending, alert } = useSubmit<Handling, ReportView>({
    form,
    send: (body, headers) => {
      const params = { path: { report_id: report.id } };
      return answered(api.POST("/api/v1/reports/{report_id}/handling", { params, body, headers }));
    },
    onAccepted: () => message.success(t("handled")),
    changes: ["reports"],
  });
  return (
    <Form<Handling> form={form} layout="vertical" requiredMark={false} onFinish={submit}>
      <Form.Item
        name="note"
        label={t("handledNote")}
        extra={t("handleHint")}
        rules={[{ required: true, whitespace: true, message: t("noteMissing") }]}
      >
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      {alert}
      <Button type="primary" htmlType="submit" loading={isSending}>
        {t("handle")}
      </Button>
    </Form>
  );
}
