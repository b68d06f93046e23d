import { useQuery } from "@tanstack/react-query";
import { answered, api, type Home } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Section, useMay, useMe } from "@wuma/ui";
import { BellRing, CircleCheck, Droplets, MessageSquareWarning, Printer, ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { words } from "./words";

const COUNTED_MAX = 50;
const LEAKS_SHOWN_MAX = 3;
const AGAIN_MS = 60_000;

/** What waits for the one signed in: alarms, leaks, reports, files; or that nothing does. */
export function Attention({ home }: { home: Home | undefined }) {
  const t = useWords(words);
  const { has_totp: hasFactor } = useMe();
  const mayReadScans = useMay("authenticity.read");
  const mayHandleReports = useMay("authenticity.report.handle");
  const items = [...useLeaks(), ...useFiles()];
  const alarmCount = home?.scans?.open_alarm_count ?? 0;
  if (alarmCount > 0 && mayReadScans) {
    items.unshift(
      <Item key="alarms" to="/anomalies" icon={<BellRing size={17} aria-hidden />}>
        {t("alarms", { count: alarmCount })}
      </Item>,
    );
  }
  const reportCount = home?.scans?.open_report_count ?? 0;
  if (reportCount > 0 && mayHandleReports) {
    items.push(
      <Item key="reports" to="/reports?state=open" icon={<MessageSquareWarning size={17} aria-hidden />}>
        {t("reports", { count: reportCount })}
      </Item>,
    );
  }
  if (!hasFactor) {
    items.push(
      <Item key="factor" to="/security" icon={<ShieldAlert size={17} aria-hidden />}>
        {t("factorOff")}
      </Item>,
    );
  }
  return (
    <Section title={t("attention")}>
      {items.length === 0 ? (
        <p className="home-well">
          <CircleCheck size={17} aria-hidden /> {t("allWell")}{" "}
          <span className="wm-quiet-text">{t("allWellHint")}</span>
        </p>
      ) : (
        <ul className="home-items">{items}</ul>
      )}
    </Section>
  );
}

function Item({ to, icon, children }: { to: string; icon: ReactNode; children: ReactNode }) {
  return (
    <li>
      <Link to={to}>
        {icon}
        {children}
      </Link>
    </li>
  );
}

function useLeaks(): ReactNode[] {
  const t = useWords(words);
  const formats = useFormats();
  const { data } = useQuery({
    queryKey: ["leaks"],
    queryFn: () => answered(api.GET("/api/v1/leaks")),
    enabled: useMay("authenticity.read"),
    refetchInterval: AGAIN_MS,
  });
  return (data ?? []).slice(0, LEAKS_SHOWN_MAX).map((leak) => (
    <Item key={leak.order_id} to="/anomalies" icon={<Droplets size={17} aria-hidden />}>
      {t("leak", { id: leak.order_id, count: formats.count(leak.scan_count) })}
    </Item>
  ));
}

function useFiles(): ReactNode[] {
  const t = useWords(words);
  const { data } = useQuery({
    queryKey: ["print-files", "home"],
    queryFn: () =>
      answered(api.GET("/api/v1/print-files", { params: { query: { state: "ready", limit: COUNTED_MAX } } })),
    enabled: useMay("print_files.download"),
    refetchInterval: AGAIN_MS,
  });
  const count = data?.items.length ?? 0;
  if (count === 0) return [];
  return [
    <Item key="files" to="/print-files?state=ready" icon={<Printer size={17} aria-hidden />}>
      {t("files", { count })}
    </Item>,
  ];
}
