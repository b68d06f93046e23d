import type { ReconciliationView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Equation } from "@wuma/ui";
import { words } from "./words";

/** The two sums of an order; labels that nobody has heard of since printing make the second one red. */
export function Reconciliation({ figures }: { figures: ReconciliationView }) {
  const t = useWords(words);
  const formats = useFormats();
  const off = (count: number) => t("differenceN", { count: formats.count(count) });
  return (
    <div className="wm-page-body">
      <Equation
        total={{ label: t("ordered"), count: figures.ordered }}
        parts={[
          { label: t("notPrinted"), count: figures.not_printed },
          { label: t("printed"), count: figures.printed },
        ]}
        balanced={t("orderedBalances")}
        unbalanced={off}
      />
      <Equation
        total={{ label: t("printed"), count: figures.printed }}
        parts={[
          { label: t("used"), count: figures.used },
          { label: t("scrapped"), count: figures.scrapped },
          { label: t("void"), count: figures.void },
          { label: t("missing"), count: figures.missing, isLoss: true },
        ]}
        balanced={t("printedBalances")}
        unbalanced={off}
        lost={(count) => t("missingVerdict", { count: formats.count(count) })}
      />
    </div>
  );
}
