import { useQueryClient } from "@tanstack/react-query";
import { answered, api, type LineBody, type LineView, type SiteView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import {
  type Column,
  ConfirmButton,
  Empty,
  FormDrawer,
  RecordTable,
  Section,
  useKeysetList,
  useMay,
} from "@wuma/ui";
import { App, Button, Form, Input } from "antd";
import { Plus } from "lucide-react";
import { useState } from "react";
import { words } from "./words";

/** The packing lines of a factory. */
export function Lines({ site }: { site: SiteView }) {
  const t = useWords(words);
  const mayWrite = useMay("masterdata.write") && site.archived_at === null;
  const [edited, setEdited] = useState<LineView | "new" | null>(null);
  const list = useKeysetList(["lines", site.id], (place, signal) =>
    answered(api.GET("/api/v1/lines", { params: { query: { ...place, site_id: site.id } }, signal })),
  );
  const columns: Column<LineView>[] = [
    { key: "code", title: t("lineCode"), render: (line) => line.code },
    { key: "name", title: t("lineName"), render: (line) => line.name },
    { key: "gln", title: t("glnExtension"), render: (line) => line.gln_extension ?? "–" },
  ];
  if (mayWrite) {
    columns.push({
      key: "actions",
      title: t("actions"),
      isActions: true,
      render: (line) => (
        <>
          <Button size="small" type="text" onClick={() => setEdited(line)}>
            {t("edit")}
          </Button>
          <ArchiveLine line={line} />
        </>
      ),
    });
  }
  const add = mayWrite && (
    <Button icon={<Plus size={15} aria-hidden />} onClick={() => setEdited("new")}>
      {t("addLine")}
    </Button>
  );
  return (
    <Section title={t("lines")} purpose={t("linesPurpose")} actions={add}>
      <RecordTable
        label={t("lines")}
        list={list}
        columns={columns}
        rowKey={(line) => line.id}
        empty={<Empty title={t("noLines")} />}
      />
      <LineForm site={site} edited={edited} onClose={() => setEdited(null)} />
    </Section>
  );
}

function ArchiveLine({ line }: { line: LineView }) {
  const t = useWords(words);
  const queryClient = useQueryClient();
  return (
    <ConfirmButton
      label={t("archive")}
      title={t("archiveTitle", { name: line.name })}
      explanation={t("archiveText")}
      onConfirm={async () => {
        const params = { path: { line_id: line.id } };
        await answered(api.POST("/api/v1/lines/{line_id}/archive", { params }));
        await queryClient.invalidateQueries({ queryKey: ["lines"] });
      }}
    />
  );
}

interface LineFormProps {
  site: SiteView;
  edited: LineView | "new" | null;
  onClose: () => void;
}

function LineForm({ site, edited, onClose }: LineFormProps) {
  const t = useWords(words);
  const { message } = App.useApp();
  const line = edited === "new" || edited === null ? undefined : edited;
  return (
    <FormDrawer<LineBody, LineView>
      title={line === undefined ? t("addLine") : t("edit")}
      submitLabel={t("save")}
      isOpen={edited !== null}
      onClose={onClose}
      changes={["lines"]}
      onAccepted={() => message.success(t("saved"))}
      initialValues={line ?? {}}
      send={(fields, headers) => {
        const body = { ...fields, site_id: site.id, gln_extension: fields.gln_extension || null };
        if (line === undefined) return answered(api.POST("/api/v1/lines", { body, headers }));
        const params = { path: { line_id: line.id }, header: { "if-match": `"${line.version}"` } };
        return answered(api.PUT("/api/v1/lines/{line_id}", { params, body }));
      }}
    >
      <Form.Item
        name="code"
        label={t("lineCode")}
        rules={[{ required: true, message: t("lineCodeMissing") }]}
      >
        <Input maxLength={64} autoComplete="off" />
      </Form.Item>
      <Form.Item name="name" label={t("lineName")} rules={[{ required: true, message: t("nameMissing") }]}>
        <Input maxLength={200} autoComplete="off" />
      </Form.Item>
      <Form.Item name="gln_extension" label={t("glnExtension")} extra={t("glnExtensionHint")}>
        <Input maxLength={20} autoComplete="off" />
      </Form.Item>
    </FormDrawer>
  );
}
