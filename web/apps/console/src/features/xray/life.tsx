import type { XRay } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import {
  Instant,
  Reasons,
  ScanPlace,
  Section,
  useCodeStateName,
  useDispositionName,
  useMay,
  useStepName,
  Verdict,
} from "@wuma/ui";
import { Boxes, CircleDot, Printer, QrCode, ScanLine, Truck } from "lucide-react";
import type { ReactNode } from "react";
import { EventPlace } from "./event-place";
import { type Moment, momentsOf } from "./moments";
import { Thing } from "./packed";
import { words } from "./words";

/** All that happened to it on one line of time: ordered, printed, activated, packed, shipped, scanned. */
export function Life({ xray }: { xray: XRay }) {
  const t = useWords(words);
  const moments = momentsOf(xray);
  return (
    <Section title={t("life")} purpose={t("lifePurpose")}>
      {moments.length === 0 && <p className="wm-quiet-text">{t("noLife")}</p>}
      <ol className="xray-life">
        {moments.map((moment) => (
          <li key={moment.key}>
            <MomentIcon moment={moment} />
            <div>
              <MomentText moment={moment} />
            </div>
            <Instant at={moment.at} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function MomentIcon({ moment }: { moment: Moment }) {
  const look = { size: 16, strokeWidth: 1.75, "aria-hidden": true } as const;
  switch (moment.kind) {
    case "ordered":
      return <QrCode {...look} />;
    case "printed":
      return <Printer {...look} />;
    case "state":
      return <CircleDot {...look} />;
    case "scan":
      return <ScanLine {...look} />;
    case "event":
      return moment.event.type === "AggregationEvent" ? <Boxes {...look} /> : <Truck {...look} />;
  }
}

function MomentText({ moment }: { moment: Moment }): ReactNode {
  const t = useWords(words);
  const stateName = useCodeStateName();
  switch (moment.kind) {
    case "ordered":
      return <strong>{t("life.ordered")}</strong>;
    case "printed":
      return (
        <>
          <strong>
            {moment.printing.reprint_reason === null
              ? t("life.printed")
              : t("life.reprinted", { reason: moment.printing.reprint_reason })}
          </strong>
          <span>{moment.printing.recipient_name}</span>
        </>
      );
    case "state":
      return (
        <>
          <strong>{stateName(moment.change.state)}</strong>
          <span>{moment.change.reason}</span>
        </>
      );
    case "scan":
      return (
        <>
          <strong>{t("life.scan")}</strong>
          <Verdict outcome={moment.scan.outcome} />
          <ScanPlace place={moment.scan} />
          <Reasons reasons={moment.scan.reasons} />
        </>
      );
    case "event":
      return <EventText event={moment.event} />;
  }
}

function EventText({ event }: { event: XRay["events"][number] }) {
  const t = useWords(words);
  const formats = useFormats();
  const stepName = useStepName();
  const dispositionName = useDispositionName();
  const mayReadPlaces = useMay("masterdata.read");
  const { biz_step: name } = event;
  const carrier = event.via[0];
  return (
    <>
      <strong>{name === null ? event.type : stepName(name)}</strong>
      {mayReadPlaces && <EventPlace fields={event.fields} />}
      {event.disposition !== null && (
        <span className="wm-quiet-text">{dispositionName(event.disposition)}</span>
      )}
      {carrier !== undefined && (
        <span className="wm-quiet-text">
          {t("via")} <Thing thing={carrier} />
        </span>
      )}
      <details>
        <summary>{t("details")}</summary>
        <p className="wm-quiet-text">{t("captured", { at: formats.instant(event.captured_at) })}</p>
        <pre>{JSON.stringify(event.fields, null, 2)}</pre>
      </details>
    </>
  );
}
