import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Problem, Submission } from "@wuma/api-client";
import { useWords } from "@wuma/locale";
import type { FormInstance } from "antd";
import { useMemo, useState } from "react";
import { ProblemAlert } from "./problem-alert";
import { words } from "./words";

interface SubmitOptions<Body, Answer> {
  form: FormInstance;
  /** Send it; `headers` carry the Idempotency-Key of this body. */
  send: (body: Body, headers: { "Idempotency-Key": string }) => Promise<Answer>;
  onAccepted: (answer: Answer) => void;
  /** Lists that are out of date afterwards, by the first part of their query keys. */
  changes: string[];
}

/**
 * Send a form: once however often the button is pressed, with each fault shown at its field.
 *
 * Faults of fields that the form does not show are told in `alert`, to be put above the buttons.
 */
export function useSubmit<Body, Answer>({ form, send, onAccepted, changes }: SubmitOptions<Body, Answer>) {
  const t = useWords(words);
  const queryClient = useQueryClient();
  const submission = useMemo(() => new Submission(), []);
  const [shownFields, setShownFields] = useState<ReadonlySet<string>>(new Set());

  const mutation = useMutation({
    mutationFn: (body: Body) => send(body, submission.headers(body)),
    onSuccess: async (answer) => {
      submission.accepted();
      onAccepted(answer);
      await Promise.all(changes.map((first) => queryClient.invalidateQueries({ queryKey: [first] })));
    },
    onError: (error) => setShownFields(showAtFields(error)),
  });

  function showAtFields(error: unknown): ReadonlySet<string> {
    if (!(error instanceof Problem)) return new Set();
    const names = new Set(Object.keys(form.getFieldsValue(true)));
    const here = error.faults.filter((fault) => names.has(Problem.fieldOf(fault)[0] ?? ""));
    form.setFields(
      here.map((fault) => ({ name: Problem.fieldOf(fault)[0], errors: [t("expectedGot", fault)] })),
    );
    const first = here[0];
    if (first !== undefined) form.focusField(Problem.fieldOf(first)[0]);
    return new Set(here.map((fault) => Problem.fieldOf(fault).join("/")));
  }

  return {
    submit: mutation.mutate,
    isSending: mutation.isPending,
    alert: mutation.error && <ProblemAlert error={mutation.error} shownFields={shownFields} />,
  };
}
