import { dictionary } from "@wuma/locale";

export const words = dictionary(
  {
    title: "首页",
    hello: "{name}，您好",
    factorOff: "您的账号还没有开启两步验证",
    factorHint: "您能订码、作废码；开启后，只知道密码的人进不来。",
    factorOn: "去开启",
  },
  {
    title: "Home",
    hello: "Hello, {name}",
    factorOff: "Your account has no second factor yet",
    factorHint: "With one, a stolen password alone does not open it.",
    factorOn: "Turn it on",
  },
);
