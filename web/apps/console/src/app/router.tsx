import { createBrowserRouter, type RouteObject } from "react-router";
import { Loading } from "./loading";
import { Lost } from "./lost";
import { PageFailed } from "./page-failed";
import { Shell } from "./shell";

/** A page is loaded when somebody first goes there. */
function page(path: string, load: () => Promise<{ Component: React.ComponentType }>): RouteObject {
  return { path, lazy: load };
}

/** Everything inside the shell; a page that fails leaves the shell standing. */
const PAGES: RouteObject[] = [
  page("/", () => import("../features/home/page")),
  page("/code-orders", () => import("../features/codes/orders-page")),
  page("/code-orders/new", () => import("../features/codes/new-order-page")),
  page("/code-orders/:orderId", () => import("../features/codes/order-page")),
  page("/print-files", () => import("../features/print-files/list-page")),
  page("/print-files/new", () => import("../features/print-files/new-page")),
  page("/print-files/:fileId", () => import("../features/print-files/file-page")),
  page("/batches", () => import("../features/codes/batches-page")),
  page("/batches/:batchId", () => import("../features/codes/batch-page")),
  page("/trace", () => import("../features/trace/page")),
  page("/xray", () => import("../features/xray/page")),
  page("/recalls", () => import("../features/recalls/list-page")),
  page("/recalls/new", () => import("../features/recalls/new-page")),
  page("/recalls/:recallId", () => import("../features/recalls/recall-page")),
  page("/dossiers", () => import("../features/dossiers/list-page")),
  page("/dossiers/import", () => import("../features/dossiers/import-page")),
  page("/dossiers/:batchId", () => import("../features/dossiers/dossier-page")),
  page("/excursions", () => import("../features/dossiers/excursions-page")),
  page("/scans", () => import("../features/scans/list-page")),
  page("/anomalies", () => import("../features/anomalies/page")),
  page("/reports", () => import("../features/reports/list-page")),
  page("/links", () => import("../features/links/list-page")),
  page("/links/anchor", () => import("../features/links/anchor-page")),
  page("/links/preview", () => import("../features/links/preview-page")),
  page("/links/exchange", () => import("../features/links/exchange-page")),
  page("/partner-sights", () => import("../features/sights/list-page")),
  page("/partner-sights/:partnerId", () => import("../features/sights/sight-page")),
  page("/products", () => import("../features/products/list-page")),
  page("/products/:productId", () => import("../features/products/product-page")),
  page("/partners", () => import("../features/partners/list-page")),
  page("/partners/:partnerId", () => import("../features/partners/partner-page")),
  page("/sites", () => import("../features/sites/list-page")),
  page("/sites/:siteId", () => import("../features/sites/site-page")),
  page("/imports", () => import("../features/imports/page")),
  page("/accounts", () => import("../features/accounts/page")),
  page("/tokens", () => import("../features/tokens/page")),
  page("/security", () => import("../features/security/page")),
  page("/audit", () => import("../features/audit/page")),
  page("/operations", () => import("../features/operations/page")),
  page("/tenants", () => import("../features/tenants/page")),
  { path: "*", element: <Lost /> },
];

export const router = createBrowserRouter(
  [
    {
      HydrateFallback: Loading,
      errorElement: <PageFailed />,
      children: [
        page("/sign-in", () => import("./sign-in-page")),
        {
          element: <Shell />,
          children: [{ errorElement: <PageFailed />, children: PAGES }],
        },
      ],
    },
  ],
  { basename: "/console" },
);
