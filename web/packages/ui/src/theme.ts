import type { ThemeConfig } from "antd";

// Latin letters and digits from the system's interface font, Han characters from the one made for screens.
export const FONT_FAMILY =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", ' +
  '"Microsoft YaHei", system-ui, sans-serif';

/** One accent colour on calm greys; the same values stand in `ui.css` for what antd does not draw. */
export const theme: ThemeConfig = {
  token: {
    colorPrimary: "#3b4fd1",
    colorLink: "#3b4fd1",
    colorInfo: "#3b4fd1",
    colorSuccess: "#177a48",
    colorWarning: "#a15c07",
    colorError: "#c4271b",
    colorWarningBg: "#fdf3e1",
    colorWarningBorder: "#efd9ae",
    colorErrorBg: "#fdeceb",
    colorErrorBorder: "#f3c5c1",
    colorInfoBg: "#f1f3fd",
    colorInfoBorder: "#d5daf6",
    colorTextBase: "#16181d",
    colorTextSecondary: "#555b67",
    colorTextTertiary: "#676d79",
    colorTextDescription: "#555b67",
    colorTextPlaceholder: "#666b77",
    colorBorder: "#d5d8de",
    colorBorderSecondary: "#e7e9ed",
    fontFamily: FONT_FAMILY,
    fontSize: 14,
    borderRadius: 6,
    controlHeight: 34,
    wireframe: false,
    motionDurationMid: "0.12s",
    motionDurationSlow: "0.18s",
  },
  components: {
    Alert: { fontSizeLG: 14, withDescriptionIconSize: 18, withDescriptionPadding: "10px 14px" },
    Button: { primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
    Form: { verticalLabelPadding: "0 0 4px", itemMarginBottom: 18 },
    Drawer: { paddingLG: 24 },
  },
};

/** The same for a reader whose system asks for no motion: menus and dialogs are there at once. */
export const stillTheme: ThemeConfig = { ...theme, token: { ...theme.token, motion: false } };
