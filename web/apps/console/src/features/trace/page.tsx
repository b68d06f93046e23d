import { useQuery } from "@tanstack/react-query";
import { answered, api, type ThingState } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { ButtonLink, Loaded, PageBody, PageHeader } from "@wuma/ui";
import { Alert, Input } from "antd";
import { useSearchParams } from "react-router";
import { Contents } from "./contents";
import { Genealogy } from "./genealogy";
import { Holders } from "./holders";
import { Life } from "./life";
import { Now } from "./now";
import { Route } from "./route";
import "./trace.css";
import { words } from "./words";

/** One thing: how it stands, its way, its life, its relations. The address holds the code and the moment. */
export function Component() {
  const t = useWords(words);
  const [params, setParams] = useSearchParams();
  const code = params.get("code") ?? "";
  const asOf = params.get("as_of");
  const query = useQuery({
    queryKey: ["item", code, asOf],
    queryFn: () =>
      answered(
        api.GET("/api/v1/items/{thing}", {
          params: { path: { thing: code }, query: asOf === null ? {} : { as_of: asOf } },
        }),
      ),
    enabled: code !== "",
  });
  return (
    <>
      <PageHeader
        title={t("title")}
        purpose={t("purpose")}
        actions={
          code !== "" && <ButtonLink to={`/xray?code=${encodeURIComponent(code)}`}>{t("xray")}</ButtonLink>
        }
      />
      <PageBody>
        <search className="trace-search">
          <Input.Search
            key={code} // another code in the address is another text in the field
            defaultValue={code}
            aria-label={t("field")}
            placeholder={t("forms")}
            enterButton={t("look")}
            size="large"
            allowClear
            spellCheck={false}
            autoFocus={code === ""}
            onSearch={(typed) => setParams(typed.trim() === "" ? {} : { code: typed.trim() })}
          />
        </search>
        {code !== "" && (
          <Loaded query={query}>{(item) => <Answer item={item} code={code} asOf={asOf} />}</Loaded>
        )}
      </PageBody>
    </>
  );
}

interface AnswerProps {
  item: ThingState;
  code: string;
  asOf: string | null;
}

function Answer({ item, code, asOf }: AnswerProps) {
  const t = useWords(words);
  const { count } = useFormats();
  return (
    <>
      {item.is_cut && <Alert type="warning" showIcon title={t("cut")} />}
      {item.corrections.length > 0 && (
        <Alert type="info" showIcon title={t("corrected", { count: count(item.corrections.length) })} />
      )}
      <Now item={item} asOf={asOf} />
      <Route life={item.life} />
      <Life life={item.life} />
      <Genealogy code={code} asOf={asOf} />
      <Holders code={code} asOf={asOf} />
      <Contents item={item} />
    </>
  );
}
