import type { ArrowView, BoxView, GraphView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Link } from "react-router";
import { shortName, tracePath } from "./thing";
import { words } from "./words";

const BOX_WIDTH = 172;
const BOX_HEIGHT = 72;
const ACROSS = BOX_WIDTH + 84;
const DOWN = BOX_HEIGHT + 20;

/** The graph: boxes where the server laid them out, arrows between them; wider than the page, it scrolls. */
export function Drawing({ graph }: { graph: GraphView }) {
  const t = useWords(words);
  const tops = topsOf(graph.boxes);
  const width = (Math.max(...graph.boxes.map((box) => box.layer)) + 1) * ACROSS - ACROSS + BOX_WIDTH + 8;
  const height = Math.max(...tops.values()) + BOX_HEIGHT + 8;
  const boxes = new Map(graph.boxes.map((box) => [box.id, box]));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="trace-drawing" aria-label={t("genealogy")} tabIndex={0}>
      <div className="trace-canvas" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden>
          <defs>
            <marker
              id="trace-tip"
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              orient="auto"
            >
              <path d="M0 0 8 4 0 8z" />
            </marker>
          </defs>
          {graph.arrows.map((arrow) => (
            <Arrow
              key={`${arrow.source} ${arrow.target} ${arrow.link}`}
              arrow={arrow}
              source={boxes.get(arrow.source)}
              target={boxes.get(arrow.target)}
              tops={tops}
            />
          ))}
        </svg>
        {graph.boxes.map((box) => (
          <Box key={box.id} box={box} top={tops.get(box.id) ?? 0} />
        ))}
      </div>
    </section>
  );
}

function Box({ box, top }: { box: BoxView; top: number }) {
  const t = useWords(words);
  const { count } = useFormats();
  const kind = t(`kind.${isKind(box.kind) ? box.kind : "other"}`);
  const holder = box.holder ?? box.place;
  return (
    <Link
      to={tracePath(box.first.name)}
      className={`trace-box trace-${box.part}${box.is_start ? " trace-start" : ""}`}
      style={{ left: box.layer * ACROSS, top, width: BOX_WIDTH, height: BOX_HEIGHT }}
      title={box.first.name}
    >
      <strong>{box.count === 1 ? kind : `${count(box.count)} × ${kind}`}</strong>
      <span>{lastPart(box.first.name)}</span>
      <small>{holder === null ? t(`part.${box.part}`) : (holder.name ?? shortName(holder.key))}</small>
    </Link>
  );
}

interface ArrowProps {
  arrow: ArrowView;
  source: BoxView | undefined;
  target: BoxView | undefined;
  tops: Map<number, number>;
}

function Arrow({ arrow, source, target, tops }: ArrowProps) {
  const t = useWords(words);
  if (source === undefined || target === undefined) return null;
  const [x1, y1] = [source.layer * ACROSS + BOX_WIDTH, (tops.get(source.id) ?? 0) + BOX_HEIGHT / 2];
  const [x2, y2] = [target.layer * ACROSS, (tops.get(target.id) ?? 0) + BOX_HEIGHT / 2];
  const bend = (ACROSS - BOX_WIDTH) / 2;
  return (
    <g className={`trace-arrow trace-${arrow.link}`}>
      <path
        d={`M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
        markerEnd="url(#trace-tip)"
      />
      <text x={(x1 + x2) / 2} y={(y1 + y2) / 2 - 6}>
        {t(`link.${arrow.link}`)}
      </text>
    </g>
  );
}

/** How far down each box stands: short layers stand in the middle of the long ones. */
function topsOf(boxes: BoxView[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { layer, row } of boxes) counts.set(layer, Math.max(counts.get(layer) ?? 0, row + 1));
  const most = Math.max(...counts.values());
  return new Map(
    boxes.map(({ id, layer, row }) => [id, (row + (most - (counts.get(layer) ?? 0)) / 2) * DOWN + 4]),
  );
}

/** The part of a name that tells it from its neighbours. */
function lastPart(name: string): string {
  return name.split(/[/:]/).at(-1) || name;
}

const KINDS = ["item", "case", "pallet", "lot", "class"] as const;

function isKind(kind: string): kind is (typeof KINDS)[number] {
  return (KINDS as readonly string[]).includes(kind);
}
