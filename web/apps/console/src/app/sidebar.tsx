import { useLocale, useWords } from "@wuma/locale";
import { useMe } from "@wuma/ui";
import { Button } from "antd";
import { X } from "lucide-react";
import { NavLink } from "react-router";
import icon from "./icon.svg";
import { placesFor } from "./navigation";
import { words } from "./words";

export function Sidebar({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useWords(words);
  const { locale } = useLocale();
  const me = useMe();
  const tenantName = locale === "en" ? me.tenant_name_en : me.tenant_name_zh;
  return (
    <>
      {isOpen && (
        <button type="button" className="shell-veil" aria-label={t("closeMenu")} onClick={onClose} />
      )}
      <aside className={isOpen ? "sidebar sidebar-open" : "sidebar"}>
        <div className="sidebar-brand">
          <img src={icon} alt="" width={28} height={28} />
          <div>
            <strong>{t("product")}</strong>
            <span title={tenantName}>{tenantName}</span>
          </div>
          <Button
            className="sidebar-close"
            type="text"
            icon={<X size={18} aria-hidden />}
            aria-label={t("closeMenu")}
            onClick={onClose}
          />
        </div>
        <nav aria-label={t("navigation")}>
          {placesFor(me.permissions).map((group) => (
            <section key={group.word ?? "top"}>
              {group.word !== null && <h2>{t(group.word)}</h2>}
              <ul>
                {group.places.map(({ path, word, icon: Icon }) => (
                  <li key={path}>
                    <NavLink to={path} end={path === "/"}>
                      <Icon size={17} strokeWidth={1.75} aria-hidden />
                      {t(word)}
                    </NavLink>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </nav>
      </aside>
    </>
  );
}
