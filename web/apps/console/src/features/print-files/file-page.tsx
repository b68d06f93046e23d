import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type PrintFileView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  ActorName,
  BackLink,
  Code,
  Facts,
  Instant,
  Loaded,
  PageBody,
  PageHeader,
  Section,
  useMay,
} from "@wuma/ui";
import { Alert, Button, Progress } from "antd";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { FileStatus, isInWork } from "./file-status";
import { Handover } from "./handover";
import "./print-files.css";
import { words } from "./words";

const POLL_MS = 1000;

export function Component() {
  const { fileId = "" } = useParams();
  const query = useQuery({
    queryKey: ["print-file", fileId],
    queryFn: () =>
      answered(api.GET("/api/v1/print-files/{file_id}", { params: { path: { file_id: fileId } } })),
    refetchInterval: ({ state }) => (state.data !== undefined && isInWork(state.data) ? POLL_MS : false),
  });
  return <Loaded query={query}>{(file) => <PrintFile file={file} />}</Loaded>;
}

function PrintFile({ file }: { file: PrintFileView }) {
  const t = useWords(words);
  const formats = useFormats();
  const progress = t("progress", { made: formats.count(file.made_count), count: formats.count(file.count) });
  return (
    <>
      <PageHeader
        back={<BackLink to="/print-files">{t("title")}</BackLink>}
        title={file.file_name}
        mark={<FileStatus file={file} />}
      />
      <PageBody>
        {isInWork(file) && (
          <div>
            <Progress
              percent={Math.floor((100 * file.made_count) / file.count)}
              aria-label={progress}
              status="active"
            />
            <p className="wm-quiet-text">{progress}</p>
          </div>
        )}
        {file.failure !== null && (
          <Alert
            type="error"
            showIcon
            title={t("failure")}
            description={file.failure}
            action={<Retry file={file} />}
          />
        )}
        <Handover file={file} />
        <Section title={t("facts")}>
          <FileFacts file={file} />
        </Section>
      </PageBody>
    </>
  );
}

function FileFacts({ file }: { file: PrintFileView }) {
  const t = useWords(words);
  const formats = useFormats();
  const mayReadCodes = useMay("codes.read");
  const first = formats.count(file.first_number);
  const last = formats.count(file.last_number);
  const order = `#${file.order_id}`;
  const facts: Array<[string, ReactNode]> = [
    [
      t("order"),
      mayReadCodes ? (
        <Link key="order" to={`/code-orders/${file.order_id}`}>
          {order}
        </Link>
      ) : (
        order
      ),
    ],
    [t("kind"), t(`kind.${file.kind}`)],
    [t("part"), t("partOf", { part: file.part, count: file.part_count })],
    [t("numbers"), t("numberRange", { first, last })],
    [t("count"), formats.count(file.count)],
    [t("size"), file.size_bytes === null ? "–" : formats.bytes(file.size_bytes)],
    ["SHA-256", file.sha256 === null ? "–" : <Code key="sha" value={file.sha256} />],
    [t("recipient"), file.recipient_name],
    [t("publicKey"), <Code key="key" value={file.recipient_public_key} />],
    [t("orderedAt"), <Instant key="ordered" at={file.ordered_at} />],
    [t("orderedBy"), <ActorName key="by" actor={file.ordered_by} />],
    [t("readyAt"), <Instant key="ready" at={file.ready_at} />],
    [t("releasedAt"), <Instant key="released" at={file.released_at} />],
  ];
  if (typeof file.layout.columns === "object") {
    const names = file.layout.columns.map(({ field }) => t(`field.${field}`));
    facts.push([t("columns"), names.join(" · ")]);
  }
  if (file.reprint_reason !== null) facts.push([t("reprintReason"), file.reprint_reason]);
  return <Facts facts={facts} />;
}

function Retry({ file }: { file: PrintFileView }) {
  const t = useWords(words);
  const queryClient = useQueryClient();
  if (!useMay("print_files.make")) return null;
  return (
    <Button
      size="small"
      onClick={async () => {
        const params = { path: { file_id: file.id } };
        await answered(api.POST("/api/v1/print-files/{file_id}/retry", { params }));
        await queryClient.invalidateQueries({ queryKey: ["print-file", file.id] });
      }}
    >
      {t("retry")}
    </Button>
  );
}
