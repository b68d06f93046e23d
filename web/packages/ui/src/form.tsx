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
    const fields = new Map(form.getFieldsError().map(({ name }) => [name.join("/"), name]));
    const here = error.faults.flatMap((fault) => {
      const name = fields.get(Problem.fieldOf(fault).join("/"));
      return name === undefined ? [] : [{ name, errors: [t("expectedGot", fault)] }];
    });
    form.setFields(here);
    if (here[0] !== undefined) form.focusField(here[0].name);
    return new Set(here.map(({ name }) => name.join("/")));
  }

  return {
    submit: mutation.mutate,
    isSending: mutation.isPending,
    alert: mutation.error && <ProblemAlert error={mutation.error} shownFields={shownFields} />,
  };
}
