import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, type ImportReport, Problem } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { BackLink, PageBody, PageHeader, ProblemAlert } from "@wuma/ui";
import { Alert, Button, Upload } from "antd";
import { FileUp } from "lucide-react";
import { useState } from "react";
import { words } from "./words";
import "./dossiers.css";

const ERRORS_SHOWN = 50;

/** Take in a file of entries: checked as soon as it is chosen, written when somebody says so. */
export function Component() {
  const t = useWords(words);
  const queryClient = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const run = useMutation({
    mutationFn: importFile,
    onSuccess: (report) => {
      if (report.applied) void queryClient.invalidateQueries({ queryKey: ["dossiers"] });
    },
  });
  const report = run.data;
  return (
    <>
      <PageHeader
        back={<BackLink to="/dossiers">{t("title")}</BackLink>}
        title={t("importFile")}
        purpose={t("importPurpose")}
      />
      <PageBody>
        <Upload.Dragger
          accept=".csv,.tsv,.txt,.xlsx"
          maxCount={1}
          showUploadList={false}
          beforeUpload={(chosen) => {
            setFile(chosen);
            run.mutate({ file: chosen, isDryRun: true });
            return false; // we send it ourselves, first to be checked
          }}
        >
          <FileUp size={28} strokeWidth={1.5} aria-hidden />
          <p>{file === null ? t("chooseFile") : file.name}</p>
          <p className="wm-quiet-text">{t("fileHint")}</p>
        </Upload.Dragger>
        {run.error && <ProblemAlert error={run.error} />}
        {report !== undefined && <Told report={report} />}
        {file !== null && report?.dry_run === true && report.error_count === 0 && (
          <div className="wm-page-actions">
            <Button
              type="primary"
              loading={run.isPending}
              onClick={() => run.mutate({ file, isDryRun: false })}
            >
              {t("writeNow")}
            </Button>
          </div>
        )}
      </PageBody>
    </>
  );
}

function Told({ report }: { report: ImportReport }) {
  const t = useWords(words);
  const formats = useFormats();
  const errorCount = report.error_count ?? 0;
  if (errorCount > 0) {
    return (
      <Alert
        type="error"
        title={t("fileBad", { count: formats.count(errorCount) })}
        description={
          <table className="wm-dossier-items">
            <thead>
              <tr>
                <th scope="col">{t("row")}</th>
                <th scope="col">{t("column")}</th>
                <th scope="col">{t("expected")}</th>
                <th scope="col">{t("got")}</th>
              </tr>
            </thead>
            <tbody>
              {(report.errors ?? []).slice(0, ERRORS_SHOWN).map((fault) => (
                <tr key={`${fault.row} ${fault.column} ${fault.expected} ${fault.got}`}>
                  <td>{fault.row ?? "–"}</td>
                  <td>{fault.column ?? "–"}</td>
                  <td>{fault.expected}</td>
                  <td>{fault.got}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
      />
    );
  }
  const counts = {
    created: formats.count(report.created_count ?? 0),
    updated: formats.count(report.updated_count ?? 0),
    unchanged: formats.count(report.unchanged_count ?? 0),
  };
  return (
    <Alert
      type={report.applied ? "success" : "info"}
      showIcon
      title={report.applied ? t("fileDone", counts) : t("fileGood", counts)}
    />
  );
}

async function importFile({ file, isDryRun }: { file: File; isDryRun: boolean }): Promise<ImportReport> {
  try {
    return await answered(
      api.POST("/api/v1/dossier/imports", {
        params: { query: { filename: file.name, dry_run: isDryRun } },
        headers: { "Content-Type": "application/octet-stream" }, // its name says what it is
        body: file as unknown as string, // OpenAPI has no better word for bytes
        bodySerializer: () => file,
      }),
    );
  } catch (error) {
    if (error instanceof Problem && error.slug === "import-refused") {
      return error.members as unknown as ImportReport; // the refusal is a report: every fault with its cell
    }
    throw error;
  }
}
