import { answered, api, type DossierView, type SignatureView, type WithdrawalView } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Facts, FormDrawer, Section, Status, useMay } from "@wuma/ui";
import { App, Button, Form, Input } from "antd";
import { type ReactNode, useState } from "react";
import { words } from "./words";

type Kind = "quality" | "market";

/** The two signatures: who, when, over what; and the buttons of whoever may sign next. */
export function Releases({ dossier }: { dossier: DossierView }) {
  const t = useWords(words);
  const formats = useFormats();
  const { message } = App.useApp();
  const { releases } = dossier;
  const mayQuality = useMay("dossier.release.quality") && releases.quality === null;
  const mayMarket = useMay("dossier.release.market") && releases.quality !== null && releases.market === null;
  const mayWithdraw = useMay("dossier.release.withdraw") && releases.quality !== null;
  const [signing, setSigning] = useState<Kind | null>(null);
  const [isWithdrawing, setIsWithdrawing] = useState(false);
  const signed = releases.market ?? releases.quality;
  const gaps = dossier.gaps.filter((gap) => signing === "market" || gap.due === "quality").length;
  const facts: Array<[string, ReactNode]> = [
    [t("quality"), <Signature key="quality" signature={releases.quality} />],
    [t("market"), <Signature key="market" signature={releases.market} />],
    [t("digest"), <code key="digest">{dossier.contents.slice(0, 16)}…</code>],
  ];
  return (
    <Section
      title={t("releases")}
      actions={
        <>
          {mayQuality && <Button onClick={() => setSigning("quality")}>{t("quality")}</Button>}
          {mayMarket && (
            <Button type="primary" onClick={() => setSigning("market")}>
              {t("market")}
            </Button>
          )}
          {mayWithdraw && <Button onClick={() => setIsWithdrawing(true)}>{t("withdraw")}</Button>}
        </>
      }
    >
      <Facts facts={facts} />
      {signed !== null && signed.contents !== dossier.contents && (
        <p>
          <Status tone="warn">{t("changedSince")}</Status>
        </p>
      )}
      {releases.withdrawals.map((one) => (
        <p key={one.round} className="wm-quiet-text">
          {t("withdrawnAt", { at: formats.instant(one.withdrawn_at), reason: one.reason })}
        </p>
      ))}
      <FormDrawer<{ deviation?: string }, SignatureView>
        title={signing === "market" ? t("market") : t("quality")}
        isOpen={signing !== null}
        onClose={() => setSigning(null)}
        send={({ deviation }, headers) => {
          const sent = {
            params: { path: { batch_id: dossier.batch_id } },
            body: { deviation: deviation ?? "" },
            headers,
          };
          return signing === "market"
            ? answered(api.POST("/api/v1/batches/{batch_id}/dossier/market-release", sent))
            : answered(api.POST("/api/v1/batches/{batch_id}/dossier/quality-release", sent));
        }}
        onAccepted={() => {
          message.success(t("signed"));
          setSigning(null);
        }}
        changes={["dossiers"]}
        submitLabel={t("sign")}
      >
        {gaps === 0 ? (
          <p>{t("noGaps")}</p>
        ) : (
          <Form.Item
            name="deviation"
            label={t("deviation")}
            extra={t("deviationHint", { count: formats.count(gaps) })}
            rules={[{ required: true, whitespace: true, message: t("deviationMissing") }]}
          >
            <Input.TextArea rows={4} maxLength={1000} />
          </Form.Item>
        )}
      </FormDrawer>
      <FormDrawer<{ reason: string }, WithdrawalView>
        title={t("withdraw")}
        isOpen={isWithdrawing}
        onClose={() => setIsWithdrawing(false)}
        send={(body, headers) =>
          answered(
            api.POST("/api/v1/batches/{batch_id}/dossier/withdrawals", {
              params: { path: { batch_id: dossier.batch_id } },
              body,
              headers,
            }),
          )
        }
        onAccepted={() => {
          message.success(t("withdrawn"));
          setIsWithdrawing(false);
        }}
        changes={["dossiers"]}
        submitLabel={t("withdraw")}
        isDanger
      >
        <Form.Item
          name="reason"
          label={t("withdrawReason")}
          rules={[{ required: true, whitespace: true, message: t("subjectMissing") }]}
        >
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
      </FormDrawer>
    </Section>
  );
}

function Signature({ signature }: { signature: SignatureView | null }) {
  const t = useWords(words);
  const formats = useFormats();
  if (signature === null) return <Status tone="quiet">{t("unsigned")}</Status>;
  return (
    <>
      {t("signedBy", { who: signature.signer, at: formats.instant(signature.signed_at) })}
      {signature.deviation !== "" && (
        <p className="wm-quiet-text">{`${t("deviation")}: ${signature.deviation}`}</p>
      )}
    </>
  );
}
