import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type PrintFileView, type ReceiptView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { ConfirmButton, CopyButton, Section, useMay } from "@wuma/ui";
import { Button } from "antd";
import { Download } from "lucide-react";
import { words } from "./words";

/** Taking a file out of the house, once; afterwards its receipt for whoever may see it. */
export function Handover({ file }: { file: PrintFileView }) {
  const t = useWords(words);
  const formats = useFormats();
  const queryClient = useQueryClient();
  const mayTake = useMay("print_files.download");
  const release = useMutation({
    mutationFn: () => {
      const params = { path: { file_id: file.id } };
      return answered(api.POST("/api/v1/print-files/{file_id}/release", { params }));
    },
    onSuccess: async ({ content_url }) => {
      location.assign(content_url); // an attachment: the page stays
      await queryClient.invalidateQueries({ queryKey: ["print-file", file.id] });
      await queryClient.invalidateQueries({ queryKey: ["print-files"] });
    },
  });

  if (file.state === "ready" && mayTake) {
    return (
      <Section
        title={t("release")}
        purpose={t("releaseText")}
        actions={
          <ConfirmButton
            size="middle"
            isPrimary
            label={t("release")}
            title={t("releaseTitle", { file: file.file_name })}
            explanation={t("releaseText")}
            onConfirm={() => release.mutateAsync()}
          />
        }
      />
    );
  }
  if (file.released_at === null) return null;
  const purpose =
    release.data === undefined ? (
      t("receiptHint")
    ) : (
      <>
        {t("downloadHint", { until: formats.instant(release.data.fetch_until) })}{" "}
        <code>{`age --decrypt --identity key.txt ${file.file_name}`}</code>
      </>
    );
  const again = release.data !== undefined && (
    <Button href={release.data.content_url} icon={<Download size={15} aria-hidden />}>
      {t("download")}
    </Button>
  );
  return (
    <Section title={t("receipt")} purpose={purpose} actions={again}>
      <Receipt fileId={file.id} />
    </Section>
  );
}

function Receipt({ fileId }: { fileId: string }) {
  const t = useWords(words);
  const { data } = useQuery({
    queryKey: ["print-file", fileId, "receipt"],
    queryFn: (): Promise<ReceiptView> =>
      answered(api.GET("/api/v1/print-files/{file_id}/receipt", { params: { path: { file_id: fileId } } })),
  });
  if (data === undefined) return null;
  return (
    <>
      <pre className="receipt">{JSON.stringify(data.claims, null, 2)}</pre>
      <CopyButton value={data.jws} label={t("receiptCopy")} />
    </>
  );
}
