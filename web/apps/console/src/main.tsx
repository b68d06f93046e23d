import "@wuma/ui/ui.css";
import "./app/shell.css";
import { LocaleProvider } from "@wuma/locale";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Console } from "./app/console";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <LocaleProvider>
      <Console />
    </LocaleProvider>
  </StrictMode>,
);
