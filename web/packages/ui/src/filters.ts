import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/** How one filter is read from the address and what its absence means. */
interface Filter<Value> {
  parse: (text: string) => Value | null;
}

/** Text the reader types. */
export const textFilter: Filter<string> = { parse: (text) => text.slice(0, 200) };

/** A day, `2026-03-01`. */
export const dayFilter: Filter<string> = {
  parse: (text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null),
};

/** One of some words; anything else in the address counts as no filter. */
export function choiceFilter<const Choice extends string>(choices: readonly Choice[]) {
  return { choices, parse: (text: string) => choices.find((choice) => choice === text) ?? null };
}

/** Some of some words, `a,b`. */
export function choicesFilter<const Choice extends string>(choices: readonly Choice[]) {
  return {
    choices,
    parse: (text: string): Choice[] | null => {
      const chosen = choices.filter((choice) => text.split(",").includes(choice));
      return chosen.length === 0 ? null : chosen;
    },
  };
}

type Values<Schema> = {
  [Name in keyof Schema]: Schema[Name] extends Filter<infer Value> ? Value | null : never;
};

export interface Filters<Schema extends Record<string, Filter<unknown>>> {
  values: Values<Schema>;
  set: <Name extends keyof Schema & string>(name: Name, value: Values<Schema>[Name]) => void;
  /** Set several at once: one step, one request. */
  setAll: (values: Partial<Values<Schema>>) => void;
  clear: () => void;
  /** Whether any filter is on: an empty list then means “nothing matches”. */
  areOn: boolean;
}

/**
 * Keep the filters of a list in the address, so that a link shows the same view.
 *
 * Setting one starts again from the first page. The schema is to be a constant outside of the component.
 */
export function useFilters<Schema extends Record<string, Filter<unknown>>>(schema: Schema): Filters<Schema> {
  const [params, setParams] = useSearchParams();
  const values = useMemo(() => readFilters(schema, params), [schema, params]);

  const setAll = useCallback(
    (changed: Partial<Record<string, unknown>>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          after.delete("after");
          for (const [name, value] of Object.entries(changed)) {
            const text = value === null ? "" : String(value);
            if (text === "") after.delete(name);
            else after.set(name, text);
          }
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  const set = useCallback((name: string, value: unknown) => setAll({ [name]: value }), [setAll]);
  const clear = useCallback(() => setParams(new URLSearchParams(), { replace: true }), [setParams]);

  return { values, set, setAll, clear, areOn: Object.values(values).some((value) => value !== null) };
}

export function readFilters<Schema extends Record<string, Filter<unknown>>>(
  schema: Schema,
  params: URLSearchParams,
): Values<Schema> {
  const read = Object.entries(schema).map(([name, filter]) => {
    const text = params.get(name);
    return [name, text === null || text === "" ? null : filter.parse(text)];
  });
  return Object.fromEntries(read);
}
