import { useWords } from "@wuma/locale";
import { Button, Skeleton } from "antd";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Empty } from "./empty";
import type { KeysetList } from "./keyset-list";
import { ProblemAlert } from "./problem-alert";
import { words } from "./words";

export interface Column<Item> {
  /** Unique among the columns; React needs it. */
  key: string;
  title: string;
  render: (item: Item) => ReactNode;
  /** Numbers stand at the right edge, so that their digits line up. */
  isNumber?: boolean;
  /** Words that look odd when they are broken over two lines: states, kinds. */
  isShort?: boolean;
  /** A column of buttons has no title on the screen, but one for screen readers. */
  isActions?: boolean;
}

interface RecordTableProps<Item> {
  /** Says what the rows are, to screen readers. */
  label: string;
  list: KeysetList<Item>;
  columns: Column<Item>[];
  rowKey: (item: Item) => string;
  /** Where a row leads; its first cell becomes the link. */
  rowPath?: (item: Item) => string;
  /** What an empty list says when no filter is on. */
  empty: ReactNode;
  filters?: { areOn: boolean; clear: () => void };
}

/**
 * The rows of a list: a table, and on a phone a card each, in the same HTML.
 *
 * It shows all four states: loading, failed, empty, rows.
 */
export function RecordTable<Item>(props: RecordTableProps<Item>) {
  const t = useWords(words);
  const { list } = props;

  if (list.error !== null) return <ProblemAlert error={list.error} onRetry={list.reload} />;
  if (list.isFirstLoad)
    return <Skeleton active title={false} paragraph={{ rows: 8 }} aria-label={t("loading")} />;
  if (list.items.length === 0) {
    if (props.filters?.areOn !== true) return props.empty;
    const clear = <Button onClick={props.filters.clear}>{t("clear")}</Button>;
    return <Empty title={t("noMatch")} hint={t("noMatchHint")} action={clear} />;
  }
  return (
    <>
      <div className="wm-table-frame" aria-busy={list.isReloading}>
        <table className="wm-table" aria-label={props.label}>
          <thead>
            <tr>
              {props.columns.map((column) => (
                <th key={column.key} scope="col" className={classOf(column)}>
                  {column.isActions ? <span className="wm-offscreen">{column.title}</span> : column.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.items.map((item) => (
              <tr key={props.rowKey(item)}>
                {props.columns.map((column, index) => (
                  <td
                    key={column.key}
                    data-label={column.isActions ? "" : column.title}
                    className={classOf(column)}
                  >
                    {index === 0 && props.rowPath !== undefined ? (
                      <Link to={props.rowPath(item)}>{column.render(item)}</Link>
                    ) : (
                      column.render(item)
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Paging list={list} />
    </>
  );
}

function Paging<Item>({ list }: { list: KeysetList<Item> }) {
  const t = useWords(words);
  if (list.goNext === null && list.goFirst === null) return null;
  return (
    <nav className="wm-paging">
      {list.goFirst !== null && (
        <Button type="text" onClick={list.goFirst}>
          {t("first")}
        </Button>
      )}
      <Button
        icon={<ChevronLeft size={15} aria-hidden />}
        disabled={list.goPrevious === null}
        onClick={list.goPrevious ?? undefined}
      >
        {t("previous")}
      </Button>
      <Button
        icon={<ChevronRight size={15} aria-hidden />}
        iconPlacement="end"
        disabled={list.goNext === null}
        onClick={list.goNext ?? undefined}
      >
        {t("next")}
      </Button>
    </nav>
  );
}

function classOf(column: Pick<Column<never>, "isNumber" | "isShort" | "isActions">): string | undefined {
  if (column.isShort) return "wm-short-cell";
  if (column.isNumber) return "wm-number-cell";
  if (column.isActions) return "wm-actions-cell";
  return undefined;
}
