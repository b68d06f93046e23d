import { useMutation } from "@tanstack/react-query";
import { answered, api, type PreviewView } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { Facts, MomentPicker, ProblemAlert } from "@wuma/ui";
import { Button, Form, Input, Segmented, Select } from "antd";
import type { Dayjs } from "dayjs";
import { LinkTypeSelect, useLinkTypeName } from "./link-type";
import { words } from "./words";

interface Fields {
  uri: string;
  language: string;
  wanted: "page" | "all";
  link_type?: string;
  at?: Dayjs | null;
}

/** What this phone would get, scanning that; no scan is recorded. */
export function Preview({ uri }: { uri?: string }) {
  const t = useWords(words);
  const look = useMutation({ mutationFn: previewed });
  return (
    <>
      <Form<Fields>
        layout="vertical"
        requiredMark={false}
        className="links-editor"
        initialValues={{ uri: uri ?? "", language: "zh-CN", wanted: "page" }}
        onFinish={(fields) => look.mutate(fields)}
      >
        <Form.Item
          name="uri"
          label={t("uri")}
          extra={t("uriHint")}
          rules={[{ required: true, message: t("uriHint") }]}
        >
          <Input maxLength={4000} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <div className="wm-columns">
          <Form.Item name="language" label={t("phoneLanguage")}>
            <Select
              options={["zh-CN", "zh-TW", "en", "de", "fr", "ja", "ko"].map((value) => ({
                value,
                label: value,
              }))}
            />
          </Form.Item>
          <Form.Item name="link_type" label={t("type")}>
            <LinkTypeSelect />
          </Form.Item>
          <Form.Item name="wanted" label={t("wanted")}>
            <Segmented
              options={[
                { value: "page", label: t("wantedPage") },
                { value: "all", label: t("wantedAll") },
              ]}
            />
          </Form.Item>
          <Form.Item name="at" label={t("at")}>
            <MomentPicker placeholder={t("atNow")} />
          </Form.Item>
        </div>
        <Form.Item>
          <Button htmlType="submit" loading={look.isPending}>
            {t("look")}
          </Button>
        </Form.Item>
      </Form>
      {look.error && <ProblemAlert error={look.error} />}
      {look.data !== undefined && <Answer answer={look.data} />}
    </>
  );
}

function Answer({ answer }: { answer: PreviewView }) {
  const t = useWords(words);
  const nameOf = useLinkTypeName();
  const { location, choices = [], title, link_type: type } = answer;
  const places = location ? [location] : choices;
  const linkset = Object.keys(answer.linkset ?? {}).length > 0;
  return (
    <div aria-live="polite">
      <Facts
        facts={[
          [t("answer"), `${t(`outcome.${answer.outcome}`)} (${answer.status})`],
          [
            t("leadsTo"),
            places.length === 0
              ? "–"
              : places.map((place) => (
                  <code key={place} className="links-href">
                    {place}{" "}
                  </code>
                )),
          ],
          [t("linkTitle"), title ?? "–"],
          [t("type"), type ? nameOf(type) : "–"],
        ]}
      />
      {linkset && (
        <details>
          <summary>{t("asJson")}</summary>
          <pre className="links-json">{JSON.stringify(answer.linkset, null, 2)}</pre>
        </details>
      )}
    </div>
  );
}

function previewed({ uri, language, wanted, link_type, at }: Fields): Promise<PreviewView> {
  const query = {
    uri,
    accept_language: language,
    accept: wanted === "all" ? "application/linkset+json" : "text/html",
    ...(link_type ? { link_type } : {}),
    ...(at ? { at: at.toISOString() } : {}),
  };
  return answered(api.GET("/api/v1/links/preview", { params: { query } }));
}
