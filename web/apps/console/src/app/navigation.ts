import type { PlainKey } from "@wuma/locale";
import {
  Activity,
  Boxes,
  Building2,
  Eye,
  Factory,
  FileCheck2,
  FileUp,
  History,
  House,
  KeyRound,
  type LucideIcon,
  MessageSquareWarning,
  Package,
  Printer,
  QrCode,
  Route,
  ScanLine,
  SearchCode,
  ShieldCheck,
  Siren,
  Store,
  Thermometer,
  Undo2,
  UsersRound,
  Waypoints,
} from "lucide-react";
import type { words } from "./words";

type Word = PlainKey<(typeof words)["zh-CN"]>;

export interface Place {
  path: string;
  word: Word;
  icon: LucideIcon;
  /** Whoever lacks it does not see the place. */
  permission?: string;
}

export interface Group {
  word: Word | null;
  places: Place[];
}

/** The places of the console, in the order in which an item lives. */
export const NAVIGATION: Group[] = [
  { word: null, places: [{ path: "/", word: "home", icon: House }] },
  {
    word: "codes",
    places: [
      { path: "/code-orders", word: "codeOrders", icon: QrCode, permission: "codes.read" },
      { path: "/print-files", word: "printFiles", icon: Printer, permission: "print_files.read" },
      { path: "/batches", word: "batches", icon: Boxes, permission: "codes.read" },
    ],
  },
  {
    word: "trace",
    places: [
      { path: "/trace", word: "traceThing", icon: Route, permission: "trace.read" },
      { path: "/xray", word: "xray", icon: SearchCode, permission: "codes.read" },
      { path: "/dossiers", word: "dossiers", icon: FileCheck2, permission: "dossier.read" },
      { path: "/excursions", word: "excursions", icon: Thermometer, permission: "dossier.read" },
      { path: "/links", word: "links", icon: Waypoints, permission: "links.read" },
      { path: "/partner-sights", word: "partnerSights", icon: Eye, permission: "trace.share" },
    ],
  },
  {
    word: "authenticity",
    places: [
      { path: "/scans", word: "scans", icon: ScanLine, permission: "authenticity.read" },
      { path: "/anomalies", word: "anomalies", icon: Siren, permission: "authenticity.read" },
      {
        path: "/reports",
        word: "reports",
        icon: MessageSquareWarning,
        permission: "authenticity.report.handle",
      },
    ],
  },
  {
    word: "care",
    places: [{ path: "/recalls", word: "recalls", icon: Undo2, permission: "care.read" }],
  },
  {
    word: "masterData",
    places: [
      { path: "/products", word: "products", icon: Package, permission: "masterdata.read" },
      { path: "/partners", word: "partners", icon: Store, permission: "masterdata.read" },
      { path: "/sites", word: "sites", icon: Factory, permission: "masterdata.read" },
      { path: "/imports", word: "imports", icon: FileUp, permission: "masterdata.write" },
    ],
  },
  {
    word: "settings",
    places: [
      { path: "/accounts", word: "accounts", icon: UsersRound, permission: "accounts.read" },
      { path: "/tokens", word: "tokens", icon: KeyRound },
      { path: "/security", word: "security", icon: ShieldCheck },
      { path: "/audit", word: "audit", icon: History, permission: "audit.read" },
      { path: "/operations", word: "operations", icon: Activity, permission: "ops.read" },
      { path: "/tenants", word: "tenants", icon: Building2, permission: "tenants.manage" },
    ],
  },
];

/** What one may see: groups without any place left are gone too. */
export function placesFor(permissions: readonly string[]): Group[] {
  return NAVIGATION.map((group) => ({
    ...group,
    places: group.places.filter(
      ({ permission }) => permission === undefined || permissions.includes(permission),
    ),
  })).filter((group) => group.places.length > 0);
}
