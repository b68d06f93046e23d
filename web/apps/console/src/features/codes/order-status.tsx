import type { OrderView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Status } from "@wuma/ui";
import { words } from "./words";

/** How far an order has come, and whether labels of it are unaccounted for. */
export function OrderStatus({ order }: { order: OrderView }) {
  const t = useWords(words);
  const formats = useFormats();
  const { ordered, printed, used, missing } = order.reconciliation;
  if (order.revoked_at !== null) return <Status tone="bad">{t("revoked")}</Status>;
  if (used === ordered) return <Status tone="good">{t("allUsed")}</Status>;
  if (used > 0 && missing > 0) {
    return <Status tone="warn">{t("missingN", { count: formats.count(missing) })}</Status>;
  }
  if (printed > 0) return <Status tone="busy">{t("inWork")}</Status>;
  return <Status tone="quiet">{t("ready")}</Status>;
}
