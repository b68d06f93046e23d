import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api, type EditionView, Problem } from "@wuma/api-client";
import { useFormats, useInLocale, useWords } from "@wuma/locale";
import { BackLink, ConfirmButton, Empty, Loaded, PageBody, PageHeader, Section, useMay } from "@wuma/ui";
import { App, Button } from "antd";
import { useSearchParams } from "react-router";
import { AnchorCode, bracketed } from "./anchor";
import { Editor } from "./editor";
import { History } from "./history";
import { LinksTable } from "./links-table";
import { Preview } from "./preview";
import "./links.css";
import { inEffect, toCome } from "./standing";
import { words } from "./words";

/** What is said of one anchor: now, later, and before. */
export function Component() {
  const [params] = useSearchParams();
  const anchor = params.get("path") ?? "";
  const query = useQuery({
    queryKey: ["links", "editions", anchor],
    queryFn: ({ signal }) => editionsOf(anchor, signal),
  });
  return (
    <Loaded query={query}>
      {(editions) => <Anchor key={anchor} anchor={editions[0]?.anchor ?? anchor} editions={editions} />}
    </Loaded>
  );
}

function Anchor({ anchor, editions }: { anchor: string; editions: EditionView[] }) {
  const t = useWords(words);
  const { message } = App.useApp();
  const [params, setParams] = useSearchParams();
  const mayWrite = useMay("links.write");
  const productName = useProductName(anchor);
  const now = inEffect(editions);
  const later = toCome(editions);
  const isEditing = mayWrite && params.has("edit");
  const setEditing = (editing: boolean) =>
    setParams({ path: params.get("path") ?? "", ...(editing ? { edit: "" } : {}) }, { replace: true });
  const edit = mayWrite && !isEditing && (
    <Button type="primary" onClick={() => setEditing(true)}>
      {t(editions.length === 0 ? "begin" : "edit")}
    </Button>
  );
  return (
    <>
      <PageHeader
        back={<BackLink to="/links">{t("title")}</BackLink>}
        title={now?.description || productName || bracketed(anchor)}
        purpose={<AnchorCode anchor={anchor} />}
        actions={edit}
      />
      <PageBody>
        {isEditing ? (
          <Editor
            anchor={anchor}
            base={now}
            version={editions[0]?.number ?? 0}
            later={later[0]}
            onClose={() => setEditing(false)}
            onSaved={({ number }) => {
              setEditing(false);
              message.success(t("saved", { number }));
            }}
          />
        ) : (
          <Section title={t("now")}>
            {now === undefined ? (
              <Empty title={t("nothingSaid")} hint={t("nothingSaidHint")} action={edit} />
            ) : (
              <LinksTable label={t("now")} links={now.links} />
            )}
          </Section>
        )}
        {later.map((edition) => (
          <Later key={edition.number} edition={edition} />
        ))}
        <Section title={t("preview")} purpose={t("previewPurpose")}>
          <Preview uri={anchor} />
        </Section>
        {editions.length > 0 && <History editions={editions} />}
      </PageBody>
    </>
  );
}

function Later({ edition }: { edition: EditionView }) {
  const t = useWords(words);
  const formats = useFormats();
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const mayWrite = useMay("links.write");
  const { anchor, number } = edition;
  return (
    <Section
      title={`${t("later")} · ${t("toComeAt", { at: formats.instant(edition.effective_at) })}`}
      purpose={edition.reason || undefined}
      actions={
        mayWrite && (
          <ConfirmButton
            label={t("withdraw")}
            title={t("withdrawTitle", { number })}
            explanation={t("withdrawText")}
            onConfirm={async () => {
              await answered(api.POST("/api/v1/links/withdrawals", { body: { anchor, number } }));
              message.success(t("withdrawnNote", { number }));
              await queryClient.invalidateQueries({ queryKey: ["links"] });
            }}
          />
        )
      }
    >
      <LinksTable label={t("later")} links={edition.links} />
    </Section>
  );
}

/** What the product is called of whose GTIN, lot or serial this is. */
function useProductName(anchor: string): string | null {
  const inLocale = useInLocale();
  const gtin = /^\/01\/(\d{14})/.exec(anchor)?.[1] ?? null;
  const mayRead = useMay("masterdata.read");
  const { data } = useQuery({
    queryKey: ["products", "of", gtin],
    queryFn: () => answered(api.GET("/api/v1/products", { params: { query: { q: gtin ?? "", limit: 1 } } })),
    enabled: gtin !== null && mayRead,
  });
  const product = data?.items[0];
  return product === undefined ? null : inLocale(product.name_zh, product.name_en);
}

/** The editions, the latest first; none where nothing has ever been said. */
async function editionsOf(anchor: string, signal: AbortSignal): Promise<EditionView[]> {
  try {
    return await answered(api.GET("/api/v1/links/editions", { params: { query: { anchor } }, signal }));
  } catch (error) {
    if (error instanceof Problem && error.slug === "not-found") return [];
    throw error;
  }
}
