import { dictionary } from "@wuma/locale";

export const words = dictionary(
  {
    title: "登录物码",
    purpose: "一物一码：防伪、追溯、渠道管控",
    email: "邮箱",
    emailMissing: "请填写邮箱",
    password: "密码",
    passwordMissing: "请填写密码",
    signIn: "登录",
    codeTitle: "两步验证",
    codeHint: "请输入身份验证器应用中显示的 6 位数字。",
    code: "验证码",
    confirm: "验证并登录",
    back: "换一个账号",
  },
  {
    title: "Sign in to Wuma",
    purpose: "One item, one code: authenticity, traceability, channel control",
    email: "E-mail",
    emailMissing: "Please enter your e-mail",
    password: "Password",
    passwordMissing: "Please enter your password",
    signIn: "Sign in",
    codeTitle: "Second factor",
    codeHint: "Enter the 6 digits that your authenticator app shows.",
    code: "Code",
    confirm: "Confirm and sign in",
    back: "Use another account",
  },
);
