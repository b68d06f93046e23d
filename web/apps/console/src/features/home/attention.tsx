import { useQuery } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useFormats, useWords } from "@wuma/locale";
import { Section, useMay, useMe } from "@wuma/ui";
import { BellRing, CircleCheck, Droplets, MessageSquareWarning, Printer, ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import "./home.css";
import { words } from "./words";

const COUNTED_MAX = 50;
const LEAKS_SHOWN_MAX = 3;
const AGAIN_MS = 60_000;

/** What waits for the one signed in: alarms, leaks, reports, files; or that nothing does. */
export function Attention() {
  const t = useWords(words);
  const { has_totp: hasFactor } = useMe();
  const items = [...useAlarms(), ...useLeaks(), ...useReports(), ...useFiles()];
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

function useAlarms(): ReactNode[] {
  const t = useWords(words);
  const formats = useFormats();
  const { data } = useQuery({
    queryKey: ["alarms", "home"],
    queryFn: () => answered(api.GET("/api/v1/alarms", { params: { query: { limit: COUNTED_MAX } } })),
    enabled: useMay("authenticity.read"),
    refetchInterval: AGAIN_MS,
  });
  return (data?.items ?? [])
    .filter((alarm) => alarm.ended_at === null)
    .map((alarm) => (
      <Item key={alarm.id} to="/anomalies" icon={<BellRing size={17} aria-hidden />}>
        {t("alarm", { at: formats.instant(alarm.raised_at) })}
      </Item>
    ));
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

function useReports(): ReactNode[] {
  const t = useWords(words);
  const { data } = useQuery({
    queryKey: ["reports", "home"],
    queryFn: () =>
      answered(api.GET("/api/v1/reports", { params: { query: { state: "open", limit: COUNTED_MAX } } })),
    enabled: useMay("authenticity.report.handle"),
    refetchInterval: AGAIN_MS,
  });
  const count = data?.items.length ?? 0;
  if (count === 0) return [];
  return [
    <Item key="reports" to="/reports?state=open" icon={<MessageSquareWarning size={17} aria-hidden />}>
      {data?.next ? t("reportsMore", { count }) : t("reports", { count })}
    </Item>,
  ];
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
