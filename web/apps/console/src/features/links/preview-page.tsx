import { useWords } from "@wuma/locale";
import { BackLink, PageBody, PageHeader } from "@wuma/ui";
import "./links.css";
import { Preview } from "./preview";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  return (
    <>
      <PageHeader
        back={<BackLink to="/links">{t("title")}</BackLink>}
        title={t("preview")}
        purpose={t("previewPurpose")}
      />
      <PageBody>
        <Preview />
      </PageBody>
    </>
  );
}
