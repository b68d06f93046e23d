import type { Outcome } from "@wuma/api-client";
import dayjs from "dayjs";

interface Filters {
  outcome: Outcome[] | null;
  kind: "open" | "hidden" | null;
  product: string | null;
  region: string | null;
  from: string | null;
  to: string | null;
  order: string | null;
  unit: string | null;
  person: string | null;
}

const REGION_DIGITS_MAX = 6; // a scan is placed in a county at the finest

/** What to ask the server for. Days are those of the reader's calendar, the last one included. */
export function scanQuery(filters: Filters) {
  const { outcome, kind, product, region, from, to, order, unit, person } = filters;
  return {
    ...(outcome === null ? {} : { outcome }),
    ...(kind === null ? {} : { kind }),
    ...(product === null ? {} : { product_id: product }),
    ...(region === null ? {} : { region: region.slice(0, REGION_DIGITS_MAX) }),
    ...(from === null ? {} : { since: dayjs(from).toISOString() }),
    ...(to === null ? {} : { until: dayjs(to).add(1, "day").toISOString() }),
    ...(order === null ? {} : { order_id: Number(order) }),
    ...(unit === null ? {} : { unit: Number(unit) }),
    ...(person === null ? {} : { person }),
  };
}
