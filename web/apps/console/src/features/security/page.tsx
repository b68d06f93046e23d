import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useLocale, useWords } from "@wuma/locale";
import { ConfirmButton, Facts, PageBody, PageHeader, ProblemAlert, Status, useMe } from "@wuma/ui";
import { App, Button } from "antd";
import { EnrolFactor } from "./enrol-factor";
import { words } from "./words";

export function Component() {
  const t = useWords(words);
  const { locale } = useLocale();
  const me = useMe();
  return (
    <>
      <PageHeader title={t("title")} purpose={t("purpose")} />
      <PageBody>
        <SecondFactor />
        <section className="wm-section">
          <h2>{t("account")}</h2>
          <Facts
            facts={[
              [t("name"), me.name],
              [t("email"), me.email],
              [t("tenant"), locale === "en" ? me.tenant_name_en : me.tenant_name_zh],
            ]}
          />
        </section>
      </PageBody>
    </>
  );
}

function SecondFactor() {
  const t = useWords(words);
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const { has_totp: isOn } = useMe();
  const begin = useMutation({ mutationFn: () => answered(api.POST("/api/v1/me/totp")) });

  async function changed(note: string) {
    message.success(note);
    begin.reset();
    await queryClient.invalidateQueries({ queryKey: ["me"] });
  }

  return (
    <section className="wm-section">
      <h2>
        {t("factor")}{" "}
        {isOn ? <Status tone="good">{t("on")}</Status> : <Status tone="warn">{t("off")}</Status>}
      </h2>
      <p>{t("explain")}</p>
      {begin.error && <ProblemAlert error={begin.error} />}
      {isOn && (
        <ConfirmButton
          label={t("end")}
          title={t("endTitle")}
          explanation={t("endText")}
          onConfirm={async () => {
            await answered(api.DELETE("/api/v1/me/totp"));
            await changed(t("ended"));
          }}
        />
      )}
      {!isOn && begin.data === undefined && (
        <Button type="primary" loading={begin.isPending} onClick={() => begin.mutate()}>
          {t("begin")}
        </Button>
      )}
      {!isOn && begin.data !== undefined && (
        <EnrolFactor
          otpauthUri={begin.data.otpauth_uri}
          onDone={() => changed(t("done"))}
          onCancel={begin.reset}
        />
      )}
    </section>
  );
}
