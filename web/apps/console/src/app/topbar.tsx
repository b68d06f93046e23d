import { useMutation, useQueryClient } from "@tanstack/react-query";
import { actForTenant, answered, api, Problem, tenantActedFor } from "@wuma/api-client";
import { useLocale, useWords } from "@wuma/locale";
import { useMay, useMe } from "@wuma/ui";
import { App, Button, Dropdown, Input } from "antd";
import { ChevronDown, LogOut, Menu, SearchCode, ShieldCheck } from "lucide-react";
import { useLocation, useNavigate } from "react-router";
import { LanguageSwitch } from "./language-switch";
import { ME } from "./query-client";
import { words } from "./words";

export function Topbar({ onMenu }: { onMenu: () => void }) {
  const t = useWords(words);
  return (
    <div className="topbar">
      <Button
        className="topbar-menu"
        type="text"
        icon={<Menu size={19} aria-hidden />}
        aria-label={t("menu")}
        onClick={onMenu}
      />
      <AnyCode />
      <ActingFor />
      <div className="topbar-right">
        <LanguageSwitch />
        <UserMenu />
      </div>
    </div>
  );
}

/** From every page to the X-ray of a code; hand scanners type and press Enter. */
function AnyCode() {
  const t = useWords(words);
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const mayReadCodes = useMay("codes.read");
  if (!mayReadCodes || pathname === "/xray") return null;
  return (
    <search className="topbar-code">
      <Input
        key={pathname} // gone somewhere: the field is empty again
        aria-label={t("anyCode")}
        placeholder={t("anyCode")}
        prefix={<SearchCode size={15} aria-hidden />}
        spellCheck={false}
        onPressEnter={({ currentTarget: { value } }) => {
          if (value.trim() !== "") void navigate(`/xray?code=${encodeURIComponent(value.trim())}`);
        }}
      />
    </search>
  );
}

/** Says to an operator of the platform, on every page, that they stand in somebody else's house. */
function ActingFor() {
  const t = useWords(words);
  const me = useMe();
  const { locale } = useLocale();
  if (tenantActedFor() === null) return null;
  return (
    <div className="topbar-acting">
      {t("actingFor", { tenant: locale === "en" ? me.tenant_name_en : me.tenant_name_zh })}
      <Button
        size="small"
        onClick={() => {
          actForTenant(null);
          location.assign("/console/tenants"); // nothing that was read for the tenant may stay in memory
        }}
      >
        {t("stopActing")}
      </Button>
    </div>
  );
}

function UserMenu() {
  const t = useWords(words);
  const me = useMe();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { message } = App.useApp();
  function leave() {
    actForTenant(null);
    queryClient.clear();
    queryClient.setQueryData(ME, null);
    void navigate("/sign-in");
  }
  const signOut = useMutation({
    mutationFn: () => answered(api.DELETE("/api/v1/session")),
    onSuccess: leave,
    onError: (error) => {
      if (error instanceof Problem && error.slug === "unauthenticated") leave();
      else message.error(t("stillSignedIn")); // whoever walks away from a shared computer must know
    },
  });
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          { key: "who", type: "group", label: me.email },
          { key: "security", icon: <ShieldCheck size={15} aria-hidden />, label: t("secondFactor") },
          { type: "divider" },
          { key: "out", icon: <LogOut size={15} aria-hidden />, label: t("signOut") },
        ],
        onClick: ({ key }) => (key === "out" ? signOut.mutate() : void navigate("/security")),
      }}
    >
      <Button type="text" aria-label={`${t("me")}: ${me.name}`}>
        <span className="topbar-name">{me.name}</span>
        <ChevronDown size={14} aria-hidden />
      </Button>
    </Dropdown>
  );
}
