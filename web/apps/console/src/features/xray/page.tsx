import { useQuery } from "@tanstack/react-query";
import { answered, api, type XRay } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { ButtonLink, Empty, Loaded, PageBody, PageHeader, useMay } from "@wuma/ui";
import { Input } from "antd";
import { useSearchParams } from "react-router";
import { Findings } from "./findings";
import "./xray.css";
import { words } from "./words";

/** Everything about one code, whatever form it is given in; the address holds the code. */
export function Component() {
  const t = useWords(words);
  const mayTrace = useMay("trace.read");
  const [params, setParams] = useSearchParams();
  const code = params.get("code") ?? "";
  const query = useQuery({
    queryKey: ["xray", code],
    queryFn: () => answered(api.GET("/api/v1/xray", { params: { query: { code } } })),
    enabled: code !== "",
  });
  return (
    <>
      <PageHeader
        title={t("title")}
        purpose={t("purpose")}
        actions={
          code !== "" &&
          mayTrace && <ButtonLink to={`/trace?code=${encodeURIComponent(code)}`}>{t("trace")}</ButtonLink>
        }
      />
      <PageBody>
        <search>
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
            className="xray-field"
            onSearch={(typed) => setParams(typed.trim() === "" ? {} : { code: typed.trim() })}
          />
        </search>
        {code !== "" && <Loaded query={query}>{(xray) => <Answer xray={xray} />}</Loaded>}
      </PageBody>
    </>
  );
}

function Answer({ xray }: { xray: XRay }) {
  const t = useWords(words);
  if (xray.thing !== null) return <Findings xray={xray} />;
  const why = xray.why_not;
  if (why === null) return <Empty title={t("foreign")} hint={t("foreignHint")} />;
  return <Empty title={t(`why.${why}`)} hint={t(`hint.${why}`)} />;
}
