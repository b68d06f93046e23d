import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, type ImportView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { BackLink, Facts, PageBody, PageHeader, ProblemAlert, Section, useMay } from "@wuma/ui";
import { Button, Spin, Upload } from "antd";
import { FileUp } from "lucide-react";
import { useState } from "react";
import "./links.css";
import { words } from "./words";

const FORMATS = ["csv", "json"] as const;

/** Take all links out as a file, and a file of them in: checked first, then all of it or nothing. */
export function Component() {
  const t = useWords(words);
  const mayWrite = useMay("links.write");
  return (
    <>
      <PageHeader back={<BackLink to="/links">{t("title")}</BackLink>} title={t("exchangeTitle")} />
      <PageBody>
        <Section title={t("exportTitle")} purpose={t("exportPurpose")}>
          <div className="wm-page-actions">
            {FORMATS.map((format) => (
              <Export key={format} format={format} />
            ))}
          </div>
        </Section>
        {mayWrite && (
          <Section title={t("importTitle")} purpose={t("importPurpose")}>
            <Import />
          </Section>
        )}
      </PageBody>
    </>
  );
}

function Export({ format }: { format: (typeof FORMATS)[number] }) {
  const t = useWords(words);
  const take = useMutation({ mutationFn: () => download(format) });
  return (
    <>
      <Button loading={take.isPending} onClick={() => take.mutate()}>
        {t("export", { format: format.toUpperCase() })}
      </Button>
      {take.error && <ProblemAlert error={take.error} />}
    </>
  );
}

/** Fetched rather than linked to: a link would not say for which brand an operator acts. */
async function download(format: (typeof FORMATS)[number]): Promise<void> {
  const file = await answered(
    api.GET("/api/v1/links/export", { params: { query: { format } }, parseAs: "blob" }),
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file as unknown as Blob);
  link.download = `links.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Import() {
  const t = useWords(words);
  const formats = useFormats();
  const queryClient = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const run = useMutation({
    mutationFn: importFile,
    onSuccess: ({ dry_run: isDry }) => {
      if (!isDry) void queryClient.invalidateQueries({ queryKey: ["links"] });
    },
  });

  function check(chosen: File | null) {
    setFile(chosen);
    if (chosen === null) run.reset();
    else run.mutate({ file: chosen, isDryRun: true });
  }

  if (file === null) {
    return (
      <Upload.Dragger
        accept=".csv,.json"
        maxCount={1}
        showUploadList={false}
        beforeUpload={(chosen) => {
          check(chosen);
          return false; // we send it ourselves, first to be checked
        }}
      >
        <FileUp size={28} strokeWidth={1.5} aria-hidden />
        <p>{t("choose")}</p>
        <p className="wm-quiet-text">{t("chooseHint")}</p>
      </Upload.Dragger>
    );
  }
  if (run.isPending) {
    return (
      <p aria-live="polite">
        <Spin size="small" /> {t("checking", { file: file.name })}
      </p>
    );
  }
  const report = run.data;
  return (
    <>
      {run.error && <ProblemAlert error={run.error} />}
      {report !== undefined && <Report report={report} fileName={file.name} />}
      <div className="links-next">
        {report?.dry_run === true && report.changed > 0 && (
          <Button type="primary" onClick={() => run.mutate({ file, isDryRun: false })}>
            {t("importNow", { count: formats.count(report.changed) })}
          </Button>
        )}
        <Button onClick={() => check(null)}>{t("another")}</Button>
      </div>
    </>
  );
}

function Report({ report, fileName }: { report: ImportView; fileName: string }) {
  const t = useWords(words);
  const formats = useFormats();
  return (
    <>
      <h3>{t(report.dry_run ? "checked" : "imported", { file: fileName })}</h3>
      <Facts
        facts={[
          [t("anchors"), formats.count(report.anchors)],
          [t("willChange"), formats.count(report.changed)],
          [t("willStay"), formats.count(report.unchanged)],
        ]}
      />
      {report.changed === 0 && <p className="wm-quiet-text">{t("nothingToDo")}</p>}
    </>
  );
}

function importFile({ file, isDryRun }: { file: File; isDryRun: boolean }): Promise<ImportView> {
  const isJson = file.name.toLowerCase().endsWith(".json");
  return answered(
    api.POST("/api/v1/links/import", {
      params: { query: { dry_run: isDryRun } },
      headers: { "Content-Type": isJson ? "application/json" : "text/csv" },
      body: file as unknown as string, // OpenAPI has no better word for bytes
      bodySerializer: () => file,
    }),
  );
}
