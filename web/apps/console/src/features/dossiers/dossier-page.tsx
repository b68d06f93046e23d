import { useQuery } from "@tanstack/react-query";
import {
  answered,
  api,
  type DossierView,
  type StandingView,
  type TemplateItem,
  type TemplateView,
} from "@wuma/api-client";
import { useFormats, useLocale, useWords } from "@wuma/locale";
import {
  BackLink,
  Facts,
  Loaded,
  PageBody,
  PageHeader,
  ProductName,
  Section,
  Status,
  useMay,
} from "@wuma/ui";
import { Button } from "antd";
import { Download, Plus } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";
import { EntryDrawer, type Place } from "./entry-drawer";
import { Gaps } from "./gaps";
import { History } from "./history";
import { named, shownValue } from "./labels";
import { Readings } from "./readings";
import { ReleaseStatus } from "./release-status";
import { Releases } from "./releases";
import { Score } from "./score";
import { words } from "./words";
import "./dossiers.css";

export function Component() {
  const { batchId = "" } = useParams();
  const query = useQuery({
    queryKey: ["dossiers", "one", batchId],
    queryFn: async () => {
      const path = { batch_id: batchId };
      const dossier = await answered(api.GET("/api/v1/batches/{batch_id}/dossier", { params: { path } }));
      const stage = dossier.stage === null ? {} : { stage: dossier.stage };
      const template = await answered(api.GET("/api/v1/dossier/template", { params: { query: stage } }));
      return { dossier, template };
    },
  });
  return <Loaded query={query}>{(found) => <Dossier {...found} />}</Loaded>;
}

function Dossier({ dossier, template }: { dossier: DossierView; template: TemplateView }) {
  const t = useWords(words);
  const formats = useFormats();
  const mayWrite = useMay("dossier.write");
  const [place, setPlace] = useState<Place | null>(null);
  const [past, setPast] = useState<{ item: TemplateItem; subject: string } | null>(null);
  return (
    <>
      <PageHeader
        back={<BackLink to="/dossiers">{t("title")}</BackLink>}
        title={`${t("lot")} ${dossier.lot}`}
        mark={<ReleaseStatus state={dossier.releases.state} isRecalled={dossier.recalled_at !== null} />}
        purpose={<ProductName id={dossier.product_id} />}
        actions={
          <>
            <Button
              icon={<Download size={16} aria-hidden />}
              href={`/api/v1/batches/${dossier.batch_id}/dossier.pdf`}
            >
              {t("pdf")}
            </Button>
            {mayWrite && (
              <Button
                type="primary"
                icon={<Plus size={16} aria-hidden />}
                onClick={() => setPlace({ item: null, subject: "", entry: null })}
              >
                {t("enterItem")}
              </Button>
            )}
          </>
        }
      />
      <PageBody>
        <Facts
          facts={[
            [t("score"), <Score key="score" percent={dossier.percent} />],
            [
              t("inOrder"),
              t("ofRequired", {
                good: formats.count(dossier.good_count),
                required: formats.count(dossier.required_count),
              }),
            ],
            [t("producedOn"), formats.date(dossier.produced_on)],
            [t("alarms"), formats.count(dossier.open_alarm_count)],
          ]}
        />
        <Gaps
          gaps={dossier.gaps}
          template={template}
          onEnter={
            mayWrite
              ? (item, subject) => setPlace({ item, subject, entry: entryAt(dossier, item, subject) })
              : null
          }
        />
        <Releases dossier={dossier} />
        {template.sections.map((section) => {
          const items = template.items.filter((item) => item.section === section.id);
          return (
            <Items
              key={section.id}
              dossier={dossier}
              section={section}
              items={items}
              onEnter={mayWrite ? setPlace : null}
              onHistory={(item, subject) => setPast({ item, subject })}
            />
          );
        })}
        <Section title={t("readings")}>
          <Readings batchId={dossier.batch_id} producedOn={dossier.produced_on} />
        </Section>
      </PageBody>
      <EntryDrawer
        batchId={dossier.batch_id}
        template={template}
        place={place}
        onClose={() => setPlace(null)}
      />
      <History batchId={dossier.batch_id} past={past} onClose={() => setPast(null)} />
    </>
  );
}

function entryAt(dossier: DossierView, item: TemplateItem, subject: string): StandingView | null {
  return dossier.standing.find((one) => one.item === item.id && one.subject === subject) ?? null;
}

interface ItemsProps {
  dossier: DossierView;
  section: TemplateView["sections"][number];
  items: TemplateItem[];
  onEnter: ((place: Place) => void) | null;
  onHistory: (item: TemplateItem, subject: string) => void;
}

function Items({ dossier, section, items, onEnter, onHistory }: ItemsProps) {
  const t = useWords(words);
  const { locale } = useLocale();
  const known = new Set(items.map((item) => item.id));
  const standing = dossier.standing.filter((entry) => known.has(entry.item));
  const subjects = section.recurs ? [...new Set(standing.map((entry) => entry.subject))].sort() : [""];
  const isEmpty = standing.length === 0 && items.every((item) => dossier.drawn[item.id] === undefined);
  if (isEmpty) return null;
  return (
    <Section title={named(section, locale)} purpose={section.clause}>
      {subjects.map((subject) => (
        <div key={subject}>
          {section.recurs && (
            <h3 className="wm-dossier-subject">
              {locale === "zh-CN" ? section.subject_zh : section.subject_en} {subject}
            </h3>
          )}
          <table className="wm-dossier-items">
            <tbody>
              {items.map((item) => {
                const entry = entryAt(dossier, item, subject);
                const drawn = dossier.drawn[item.id];
                if (entry === null && drawn === undefined) return null;
                return (
                  <tr key={item.id}>
                    <th scope="row">{named(item, locale)}</th>
                    <td>
                      {entry === null ? drawn : shownValue(entry, { pass: t("pass"), fail: t("fail") })}
                      {entry !== null && <Notes entry={entry} />}
                    </td>
                    <td className="wm-dossier-limit">
                      {entry?.limit}
                      {entry !== null && entry.limit !== "" && item.clause !== "" && (
                        <small>{item.clause}</small>
                      )}
                    </td>
                    <td>
                      <Finding entry={entry} />
                      {entry !== null && entry.earlier_count > 0 && (
                        <Button type="link" size="small" onClick={() => onHistory(item, subject)}>
                          {t("history")}
                        </Button>
                      )}
                      {entry !== null && onEnter !== null && (
                        <Button type="link" size="small" onClick={() => onEnter({ item, subject, entry })}>
                          {t("correct")}
                        </Button>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      ))}
    </Section>
  );
}

function Notes({ entry }: { entry: StandingView }) {
  const t = useWords(words);
  const how = [entry.method, entry.instrument, entry.operator].filter((part) => part !== "").join(" · ");
  return (
    <>
      {how !== "" && <small>{how}</small>}
      {entry.earlier_count > 0 && <small>{t("earlier", { count: String(entry.earlier_count) })}</small>}
      {entry.is_contradicted && <Status tone="warn">{t("contradicted")}</Status>}
    </>
  );
}

function Finding({ entry }: { entry: StandingView | null }) {
  const t = useWords(words);
  if (entry === null || entry.finding === "no_limit") return null;
  if (entry.finding === "within") {
    return entry.value === "pass" ? null : <Status tone="good">{t("finding.within")}</Status>;
  }
  if (entry.finding === "outside") return <Status tone="bad">{t("finding.outside")}</Status>;
  return <Status tone="warn">{t("finding.undecided")}</Status>;
}
