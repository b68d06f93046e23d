import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { MeProvider, ProblemAlert } from "@wuma/ui";
import { useEffect, useState } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { Loading } from "./loading";
import { ME } from "./query-client";
import { Sidebar } from "./sidebar";
import { Topbar } from "./topbar";
import { words } from "./words";

/** The frame around every page of somebody who is signed in. */
export function Shell() {
  const t = useWords(words);
  const queryClient = useQueryClient();
  const location = useLocation();
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const { data: me, error } = useQuery({
    queryKey: ME,
    queryFn: () => answered(api.GET("/api/v1/me")),
    staleTime: Number.POSITIVE_INFINITY,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the menu of the phone
  useEffect(() => setIsMenuOpen(false), [location.pathname]);

  if (me === null) {
    const next = location.pathname + location.search;
    return <Navigate to={next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`} replace />;
  }
  if (error !== null && me === undefined) {
    const retry = () => void queryClient.refetchQueries({ queryKey: ME });
    return (
      <main className="shell-alone">
        <ProblemAlert error={error} onRetry={retry} />
      </main>
    );
  }
  if (me === undefined) return <Loading />;
  return (
    <MeProvider me={me}>
      <a className="shell-skip" href="#content">
        {t("skip")}
      </a>
      <div className="shell">
        <Sidebar isOpen={isMenuOpen} onClose={() => setIsMenuOpen(false)} />
        <div className="shell-right">
          <Topbar onMenu={() => setIsMenuOpen(true)} />
          <main id="content" className="shell-content" tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
    </MeProvider>
  );
}
