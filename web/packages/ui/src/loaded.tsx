import type { UseQueryResult } from "@tanstack/react-query";
import { useWords } from "@wuma/locale";
import { Skeleton } from "antd";
import type { ReactNode } from "react";
import { ProblemAlert } from "./problem-alert";
import { words } from "./words";

interface LoadedProps<Data> {
  query: UseQueryResult<Data>;
  children: (data: Data) => ReactNode;
}

/** What was read, once it is there; until then that it is coming, or why it is not. */
export function Loaded<Data>({ query, children }: LoadedProps<Data>) {
  const t = useWords(words);
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <ProblemAlert error={query.error} onRetry={() => query.refetch()} />;
  return <Skeleton active paragraph={{ rows: 6 }} aria-label={t("loading")} />;
}
