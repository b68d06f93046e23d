import { QueryClientProvider } from "@tanstack/react-query";
import { useLocale } from "@wuma/locale";
import { stillTheme, theme } from "@wuma/ui";
import { App, ConfigProvider } from "antd";
import enGB from "antd/locale/en_GB";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { useLayoutEffect } from "react";
import { RouterProvider } from "react-router/dom";
import { queryClient } from "./query-client";
import { router } from "./router";

const prefersStillness = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Everything around the pages: the reader's language, the look, the data, the routes. */
export function Console() {
  const { locale } = useLocale();
  useLayoutEffect(() => {
    dayjs.locale(locale === "en" ? "en" : "zh-cn");
  }, [locale]);
  const look = prefersStillness ? stillTheme : theme;
  return (
    <ConfigProvider theme={look} locale={locale === "en" ? enGB : zhCN} button={{ autoInsertSpace: false }}>
      <App>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}
