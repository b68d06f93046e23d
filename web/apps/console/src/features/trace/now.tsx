import type { ThingState } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Code, Facts, Instant, Section, Status, type Tone, useDispositionName, useStepName } from "@wuma/ui";
import type { ReactNode } from "react";
import { Party, Thing } from "./thing";
import { words } from "./words";

const TONES: Record<ThingState["existence"], Tone> = {
  unknown: "quiet",
  active: "good",
  sold: "good",
  consumed: "quiet",
  decommissioned: "warn",
  destroyed: "bad",
};

/** How the thing stands: the answer to "where is it, and whose is it". */
export function Now({ item, asOf }: { item: ThingState; asOf: string | null }) {
  const t = useWords(words);
  const formats = useFormats();
  const title = asOf === null ? t("now") : t("asOf", { at: formats.instant(item.as_of) });
  return (
    <Section
      title={title}
      actions={<Status tone={TONES[item.existence]}>{t(`existence.${item.existence}`)}</Status>}
    >
      <Facts facts={useFacts(item)} />
      {item.last_event === null && <p className="wm-quiet-text">{t("nothingKnown")}</p>}
    </Section>
  );
}

function useFacts(item: ThingState): Array<[string, ReactNode]> {
  const t = useWords(words);
  const formats = useFormats();
  const stepName = useStepName();
  const dispositionName = useDispositionName();
  const facts: Array<[string, ReactNode]> = [[t("field"), <Code key="code" value={item.thing.name} />]];
  const { where, holder, heading, last_event: last } = item;
  if (where !== null) {
    facts.push([
      t("where"),
      <span key="where" className="trace-fact">
        <Party party={where.place} />
        {where.is_read_point && <span className="wm-quiet-text">{t("readHere")}</span>}
      </span>,
    ]);
  }
  if (holder !== null) {
    facts.push([
      t("holder"),
      <span key="holder" className="trace-fact">
        <Party party={holder.party} />
        {holder.by_place && <span className="wm-quiet-text">{t("byPlace")}</span>}
      </span>,
    ]);
  }
  const bound = heading?.party ?? heading?.location ?? null;
  if (bound !== null) facts.push([t("heading"), <Party key="heading" party={bound} />]);
  if (item.parents.length > 0) facts.push([t("inWhat"), <Chain key="in" chain={item.parents} />]);
  if (item.associated_with.length > 0) {
    facts.push([t("attachedTo"), <Chain key="attached" chain={item.associated_with} />]);
  }
  if (item.contents_count > 0)
    facts.push([t("holds"), t("pieces", { count: formats.count(item.contents_count) })]);
  if (item.lot_item_count > 0)
    facts.push([t("ofLot"), t("pieces", { count: formats.count(item.lot_item_count) })]);
  if (item.lot !== null) facts.push([t("lot"), item.lot]);
  if (item.produced_on !== null) facts.push([t("producedOn"), item.produced_on]);
  if (item.expires_on !== null) facts.push([t("expiresOn"), item.expires_on]);
  if (item.disposition !== null) facts.push([t("disposition"), dispositionName(item.disposition)]);
  if (item.persistent_dispositions.length > 0) {
    facts.push([t("marks"), formats.list(item.persistent_dispositions.map(dispositionName))]);
  }
  if (last !== null) {
    facts.push([
      t("last"),
      <span key="last" className="trace-fact">
        {last.biz_step === null ? last.type : stepName(last.biz_step)} <Instant at={last.at} />
      </span>,
    ]);
  }
  return facts;
}

function Chain({ chain }: { chain: ThingState["parents"] }) {
  return (
    <span className="trace-chain">
      {chain.map((parent) => (
        <Thing key={parent.thing.number} thing={parent.thing} />
      ))}
    </span>
  );
}
