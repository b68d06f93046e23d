import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, type ImportKind, type ImportReport, Problem } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { PageBody, PageHeader, ProblemAlert } from "@wuma/ui";
import { Button, Form, Segmented, Spin, Upload } from "antd";
import { FileUp } from "lucide-react";
import { useState } from "react";
import { Report } from "./report";
import { words } from "./words";

const KINDS: ImportKind[] = ["products", "sites", "lines", "partners"];

interface Order {
  kind: ImportKind;
  file: File;
  isDryRun: boolean;
}

/** Take in a file of master data: checked as soon as it is chosen, written when somebody says so. */
export function Component() {
  const t = useWords(words);
  const formats = useFormats();
  const queryClient = useQueryClient();
  const [kind, setKind] = useState<ImportKind>("products");
  const [file, setFile] = useState<File | null>(null);
  const run = useMutation({
    mutationFn: importFile,
    onSuccess: (report) => {
      if (report.applied) void queryClient.invalidateQueries({ queryKey: [kind] });
    },
  });

  function check(chosen: ImportKind, from: File | null) {
    setKind(chosen);
    setFile(from);
    if (from === null) run.reset();
    else run.mutate({ kind: chosen, file: from, isDryRun: true });
  }

  const report = run.data;
  const count = (report?.created_count ?? 0) + (report?.updated_count ?? 0);
  const isReady = file !== null && report?.dry_run === true && report.error_count === 0;
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <Form layout="vertical">
          <Form.Item label={t("kind")}>
            <Segmented<ImportKind>
              value={kind}
              options={KINDS.map((value) => ({ value, label: t(`kind.${value}`) }))}
              onChange={(chosen) => check(chosen, file)}
            />
          </Form.Item>
        </Form>
        {file === null && (
          <Upload.Dragger
            accept=".csv,.tsv,.txt,.xlsx,.json"
            maxCount={1}
            showUploadList={false}
            beforeUpload={(chosen) => {
              check(kind, chosen);
              return false; // we send it ourselves, first to be checked
            }}
          >
            <FileUp size={28} strokeWidth={1.5} aria-hidden />
            <p>{t("choose")}</p>
            <p className="wm-quiet-text">{t("chooseHint")}</p>
          </Upload.Dragger>
        )}
        {run.isPending && file !== null && (
          <p aria-live="polite">
            <Spin size="small" /> {t("checking", { file: file.name })}
          </p>
        )}
        {run.error && <ProblemAlert error={run.error} />}
        {report !== undefined && file !== null && !run.isPending && (
          <Report report={report} fileName={file.name} />
        )}
        {file !== null && !run.isPending && (
          <div className="wm-page-actions">
            {isReady && count > 0 && (
              <Button type="primary" onClick={() => run.mutate({ kind, file, isDryRun: false })}>
                {t("importNow", { count: formats.count(count) })}
              </Button>
            )}
            <Button onClick={() => check(kind, null)}>{t("another")}</Button>
          </div>
        )}
      </PageBody>
    </>
  );
}

async function importFile({ kind, file, isDryRun }: Order): Promise<ImportReport> {
  const query = { kind, filename: file.name, dry_run: isDryRun };
  try {
    return await answered(
      api.POST("/api/v1/imports", {
        params: { query },
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
