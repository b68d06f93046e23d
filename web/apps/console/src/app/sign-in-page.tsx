import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api, Problem } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import { ProblemAlert } from "@wuma/ui";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import icon from "./icon.svg";
import { LanguageSwitch } from "./language-switch";
import { ME } from "./query-client";
import { words } from "./sign-in-words";

interface Credentials {
  email: string;
  password: string;
}

/** The door: e-mail and password, and the digits of the authenticator app when the account has one. */
export function Component() {
  const [credentials, setCredentials] = useState<Credentials | null>(null);
  const signIn = useSignIn();

  function present(presented: Credentials) {
    signIn.mutate(presented, {
      onError: (error) => {
        if (isSecondFactorNeeded(error)) setCredentials(presented);
      },
    });
  }

  const alert = signIn.error && !isSecondFactorNeeded(signIn.error) && <ProblemAlert error={signIn.error} />;
  return (
    <div className="door">
      <header>
        <LanguageSwitch />
      </header>
      <main>
        <img src={icon} alt="" width={40} height={40} />
        {credentials === null ? (
          <PasswordForm isSending={signIn.isPending} alert={alert} onSubmit={present} />
        ) : (
          <CodeForm
            isSending={signIn.isPending}
            alert={alert}
            onSubmit={(totp) => signIn.mutate({ ...credentials, totp })}
            onBack={() => {
              signIn.reset();
              setCredentials(null);
            }}
          />
        )}
      </main>
    </div>
  );
}

interface FormProps<Value> {
  isSending: boolean;
  alert: React.ReactNode;
  onSubmit: (value: Value) => void;
}

function PasswordForm({ isSending, alert, onSubmit }: FormProps<Credentials>) {
  const t = useWords(words);
  return (
    <>
      <h1>{t("title")}</h1>
      <p>{t("purpose")}</p>
      <Form<Credentials>
        layout="vertical"
        requiredMark={false}
        onFinish={onSubmit}
        validateTrigger="onSubmit"
      >
        <Form.Item name="email" label={t("email")} rules={[{ required: true, message: t("emailMissing") }]}>
          <Input size="large" type="email" autoComplete="username" inputMode="email" autoFocus />
        </Form.Item>
        <Form.Item
          name="password"
          label={t("password")}
          rules={[{ required: true, message: t("passwordMissing") }]}
        >
          <Input.Password size="large" autoComplete="current-password" />
        </Form.Item>
        {alert}
        <Button type="primary" size="large" htmlType="submit" block loading={isSending}>
          {t("signIn")}
        </Button>
      </Form>
    </>
  );
}

function CodeForm({ isSending, alert, onSubmit, onBack }: FormProps<string> & { onBack: () => void }) {
  const t = useWords(words);
  return (
    <>
      <h1>{t("codeTitle")}</h1>
      <p>{t("codeHint")}</p>
      <Form<{ totp: string }>
        layout="vertical"
        requiredMark={false}
        onFinish={({ totp }) => onSubmit(totp.trim())}
      >
        <Form.Item name="totp" label={t("code")} rules={[{ required: true, message: t("codeHint") }]}>
          <Input size="large" inputMode="numeric" autoComplete="one-time-code" maxLength={6} autoFocus />
        </Form.Item>
        {alert}
        <Button type="primary" size="large" htmlType="submit" block loading={isSending}>
          {t("confirm")}
        </Button>
        <Button type="link" block onClick={onBack}>
          {t("back")}
        </Button>
      </Form>
    </>
  );
}

function useSignIn() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  return useMutation({
    mutationFn: async (body: Credentials & { totp?: string }) => {
      await answered(api.POST("/api/v1/session", { body }));
      return answered(api.GET("/api/v1/me"));
    },
    onSuccess: (me) => {
      queryClient.setQueryData(ME, me);
      void navigate(placeAfter(params.get("next")), { replace: true });
    },
  });
}

/** Where to go after signing in: a path of the console, never an address that a link brought along. */
export function placeAfter(next: string | null): string {
  return next !== null && /^\/[^/\\]/.test(next) ? next : "/";
}

function isSecondFactorNeeded(error: unknown): boolean {
  return error instanceof Problem && error.slug === "second-factor-needed";
}
