import { createBrowserRouter, type RouteObject } from "react-router";
import { Lost } from "./lost";
import { PageFailed } from "./page-failed";
import { Shell } from "./shell";

/** A page is loaded when somebody first goes there. */
function page(path: string, load: () => Promise<{ Component: React.ComponentType }>): RouteObject {
  return { path, lazy: load };
}

export const router = createBrowserRouter(
  [
    page("/sign-in", () => import("./sign-in-page")),
    {
      element: <Shell />,
      errorElement: <PageFailed />,
      children: [
        {
          errorElement: <PageFailed />,
          children: [
            page("/", () => import("../features/home/page")),
            page("/accounts", () => import("../features/accounts/page")),
            page("/tokens", () => import("../features/tokens/page")),
            page("/security", () => import("../features/security/page")),
            page("/tenants", () => import("../features/tenants/page")),
            { path: "*", element: <Lost /> },
          ],
        },
      ],
    },
  ],
  { basename: "/console" },
);
