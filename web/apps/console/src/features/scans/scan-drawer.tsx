import type { ScanView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Code, Facts, ProductName, Reasons, ScanPlace, Verdict } from "@wuma/ui";
import { Button, Drawer, Tooltip } from "antd";
import { Link } from "react-router";
import { words } from "./words";

interface ScanDrawerProps {
  scan: ScanView | null;
  onClose: () => void;
  onOnly: (name: "person" | "unit", value: string) => void;
}

/** Everything that is known of one scan, and the way to others of the same person or item. */
export function ScanDrawer({ scan, onClose, onOnly }: ScanDrawerProps) {
  const t = useWords(words);
  return (
    <Drawer
      title={t("details")}
      open={scan !== null}
      onClose={onClose}
      size={480}
      styles={{ wrapper: { maxWidth: "100vw" } }}
    >
      {scan !== null && <Details scan={scan} onOnly={onOnly} />}
    </Drawer>
  );
}

function Details({ scan, onOnly }: { scan: ScanView; onOnly: ScanDrawerProps["onOnly"] }) {
  const t = useWords(words);
  const formats = useFormats();
  const { longitude, latitude, accuracy_m: meters } = scan;
  return (
    <>
      <p>
        <Verdict outcome={scan.outcome} /> <Reasons reasons={scan.reasons} />
      </p>
      <Facts
        facts={[
          [t("at"), formats.instantExact(scan.at)],
          [
            t("product"),
            <Link key="product" to={`/products/${scan.product_id}`}>
              <ProductName id={scan.product_id} />
            </Link>,
          ],
          [t("kind"), scan.kind === "hidden" ? t("kind.hidden") : t("kind.open")],
          [
            t("order"),
            <Link key="order" to={`/code-orders/${scan.order_id}`}>
              {`#${scan.order_id}`}
            </Link>,
          ],
          [t("unit"), <Code key="unit" value={String(scan.unit)} />],
          [t("place"), <ScanPlace key="place" place={scan} />],
          [
            t("position"),
            latitude === null
              ? "–"
              : `${latitude}, ${longitude} ${meters === null ? "" : t("accuracy", { meters: formats.count(meters) })}`,
          ],
          [
            t("doubt"),
            <Tooltip key="doubt" title={t("doubtHint")}>
              <span>{scan.doubt.toFixed(2)}</span>
            </Tooltip>,
          ],
          [
            t("person"),
            <Tooltip key="person" title={t("personHint")}>
              <code>{scan.person}</code>
            </Tooltip>,
          ],
          [t("client"), scan.client || "–"],
        ]}
      />
      <div className="wm-drawer-buttons">
        <Button onClick={() => onOnly("unit", String(scan.unit))}>{t("onlyItem")}</Button>
        <Button onClick={() => onOnly("person", scan.person)}>{t("onlyPerson")}</Button>
      </div>
    </>
  );
}
