import type { ProductView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Code } from "@wuma/ui";
import { words } from "./words";

/** From the item to the pallet: what identifies each level, and what is in it. */
export function Packing({ product }: { product: ProductView }) {
  const t = useWords(words);
  const formats = useFormats();
  const { cases, pallet } = product;
  return (
    <>
      <div className="wm-table-frame">
        <table className="wm-table" aria-label={t("packing")}>
          <thead>
            <tr>
              <th scope="col">{t("level")}</th>
              <th scope="col">{t("label")}</th>
              <th scope="col">{t("contains")}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>{t("levelItem")}</td>
              <td data-label={t("label")}>
                <Code value={product.gtin} />
              </td>
              <td data-label={t("contains")}>–</td>
            </tr>
            {cases.map((packed) => (
              <tr key={packed.gtin}>
                <td>{t("levelCase")}</td>
                <td data-label={t("label")}>
                  <Code value={packed.gtin} />
                </td>
                <td data-label={t("contains")}>
                  {t("itemCount", { count: formats.count(packed.item_count) })}
                </td>
              </tr>
            ))}
            {pallet !== null && (
              <tr>
                <td>{t("levelPallet")}</td>
                <td data-label={t("label")}>
                  {t("sscc", { extension: pallet.extension, prefix: pallet.company_prefix })}
                </td>
                <td data-label={t("contains")}>
                  {t("caseCountOf", { count: formats.count(pallet.case_count) })}
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {cases.length === 0 && pallet === null && <p className="wm-quiet-text">{t("notPacked")}</p>}
    </>
  );
}
