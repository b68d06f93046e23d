import { useQuery } from "@tanstack/react-query";
import { type ArrowView, answered, api, type BoxView, type GraphView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { type Column, Empty, fixedList, Instant, Loaded, RecordTable, Section, useStepName } from "@wuma/ui";
import { Alert, Button, Segmented } from "antd";
import { Download } from "lucide-react";
import { useState } from "react";
import { Drawing } from "./drawing";
import { shortName } from "./thing";
import { words } from "./words";

type Way = GraphView["direction"];
const WAYS: Way[] = ["forward", "back", "both"];
const FORMATS = ["svg", "csv", "json"] as const;

/** What it was made from and what became of it, as a drawing, as a table, and to take home. */
export function Genealogy({ code, asOf }: { code: string; asOf: string | null }) {
  const t = useWords(words);
  const [way, setWay] = useState<Way>("both");
  const asked = { from: code, direction: way, ...(asOf === null ? {} : { as_of: asOf }) };
  const query = useQuery({
    queryKey: ["graph", code, asOf, way],
    queryFn: () => answered(api.GET("/api/v1/trace/graph", { params: { query: asked } })),
  });
  return (
    <Section
      title={t("genealogy")}
      purpose={t("genealogyPurpose")}
      actions={
        <div className="trace-exports">
          {FORMATS.map((format) => (
            <Button
              key={format}
              size="small"
              icon={<Download size={14} aria-hidden />}
              href={`/api/v1/trace/graph/export?${new URLSearchParams({ ...asked, format })}`}
              aria-label={`${t("take")} ${format.toUpperCase()}`}
              download
            >
              {format.toUpperCase()}
            </Button>
          ))}
        </div>
      }
    >
      <Segmented
        aria-label={t("direction")}
        options={WAYS.map((value) => ({ value, label: t(value) }))}
        value={way}
        onChange={setWay}
      />
      <Loaded query={query}>{(graph) => <Graph graph={graph} />}</Loaded>
    </Section>
  );
}

function Graph({ graph }: { graph: GraphView }) {
  const t = useWords(words);
  const { count } = useFormats();
  if (graph.arrows.length === 0) return <Empty title={t("noGenealogy")} />;
  const counts = { affected: count(graph.affected_count), carriers: count(graph.carrier_count) };
  return (
    <>
      {graph.is_cut && <Alert type="warning" showIcon title={t("cut")} />}
      <p className="wm-quiet-text">
        {t("counts", counts)} {graph.is_grouped && t("grouped")}
      </p>
      <Drawing graph={graph} />
      <details className="trace-reasons">
        <summary>{t("reasons")}</summary>
        <Reasons graph={graph} />
      </details>
    </>
  );
}

function Reasons({ graph }: { graph: GraphView }) {
  const t = useWords(words);
  const formats = useFormats();
  const stepName = useStepName();
  const boxes = new Map(graph.boxes.map((box) => [box.id, box]));
  const name = (id: number) => nameOf(boxes.get(id));
  const columns: Column<ArrowView>[] = [
    { key: "from", title: t("from"), render: ({ source }) => name(source) },
    {
      key: "how",
      title: t("how"),
      render: ({ link, biz_step: step }) => (
        <>
          {t(`link.${link}`)} {step !== null && <span className="wm-quiet-text">{stepName(step)}</span>}
        </>
      ),
    },
    { key: "to", title: t("to"), render: ({ target }) => name(target) },
    {
      key: "when",
      title: t("when"),
      render: ({ at, until, count }) => (
        <>
          <Instant at={at} />{" "}
          <span className="wm-quiet-text">
            {until !== null && t("until", { at: formats.instant(until) })}{" "}
            {count > 1 && t("times", { count: formats.count(count) })}
          </span>
        </>
      ),
    },
    {
      key: "event",
      title: t("event"),
      render: ({ event_id: event }) => <code className="trace-key">{event}</code>,
    },
  ];
  return (
    <RecordTable
      label={t("reasons")}
      list={fixedList(graph.arrows)}
      columns={columns}
      rowKey={({ source, target, link }) => `${source} ${target} ${link}`}
      empty={null}
    />
  );
}

function nameOf(box: BoxView | undefined): string {
  if (box === undefined) return "–";
  return box.count === 1 ? shortName(box.first.name) : `${box.count} × ${shortName(box.first.name)}…`;
}
