import { useWords } from "@wuma/locale";
import { PageBody, PageHeader, useMe } from "@wuma/ui";
import { Alert } from "antd";
import { Link } from "react-router";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  const me = useMe();
  return (
    <>
      <PageHeader title={t("title")} purpose={t("hello", { name: me.name })} />
      <PageBody>
        {!me.has_totp && (
          <Alert
            type="info"
            showIcon
            title={t("factorOff")}
            description={t("factorHint")}
            action={<Link to="/security">{t("factorOn")}</Link>}
          />
        )}
      </PageBody>
    </>
  );
}
