import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { useLocation, useSearchParams } from "react-router";

export const PAGE_COUNT = 50;

interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export interface KeysetList<Item> {
  items: Item[];
  isFirstLoad: boolean;
  isReloading: boolean;
  error: unknown;
  reload: () => void;
  /** Null when there is nowhere to go. */
  goNext: (() => void) | null;
  goPrevious: (() => void) | null;
  goFirst: (() => void) | null;
}

/**
 * A list that the server hands out page by page, each starting after a key.
 *
 * The key stands in the address, so a link shows the same rows. Keys only lead forwards; the way back is
 * remembered with the browser's history entry, and a link opened from outside offers the first page instead.
 */
export function useKeysetList<Item>(
  queryKey: readonly unknown[],
  fetchPage: (place: { after?: string; limit: number }, signal: AbortSignal) => Promise<Page<Item>>,
  { refetchMs }: { refetchMs?: (items: Item[]) => number | false } = {},
): KeysetList<Item> {
  const [params, setParams] = useSearchParams();
  const after = params.get("after");
  const trail = trailOf(useLocation().state);

  const query = useQuery({
    queryKey: [...queryKey, after],
    queryFn: ({ signal }) => fetchPage({ limit: PAGE_COUNT, ...(after === null ? {} : { after }) }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => refetchMs?.(state.data?.items ?? []) ?? false,
  });

  const go = useCallback(
    (to: string | null, newTrail: Array<string | null>) =>
      setParams(
        (before) => {
          const there = new URLSearchParams(before);
          if (to === null) there.delete("after");
          else there.set("after", to);
          return there;
        },
        { state: { trail: newTrail } },
      ),
    [setParams],
  );

  const next = query.data?.next ?? null;
  const before = trail.at(-1);
  return {
    items: query.data?.items ?? [],
    isFirstLoad: query.isPending,
    isReloading: query.isPlaceholderData,
    error: query.error,
    reload: () => void query.refetch(),
    goNext: next === null ? null : () => go(next, [...trail, after]),
    goPrevious: before === undefined ? null : () => go(before, trail.slice(0, -1)),
    goFirst: after === null ? null : () => go(null, []),
  };
}

/** Show a list that is there already as one of a single page. */
export function fixedList<Item>(items: Item[]): KeysetList<Item> {
  return {
    items,
    isFirstLoad: false,
    isReloading: false,
    error: null,
    reload: () => {},
    goNext: null,
    goPrevious: null,
    goFirst: null,
  };
}

/** Show a list that the server hands out whole as one of a single page. */
export function wholeList<Item>(query: UseQueryResult<Item[]>): KeysetList<Item> {
  return {
    ...fixedList(query.data ?? []),
    isFirstLoad: query.isPending,
    error: query.error,
    reload: () => void query.refetch(),
  };
}

function trailOf(state: unknown): Array<string | null> {
  if (typeof state !== "object" || state === null || !("trail" in state) || !Array.isArray(state.trail)) {
    return [];
  }
  return state.trail;
}
