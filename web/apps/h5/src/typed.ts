/** Typing the hidden code: grouped and checked while the person types, before anything is sent. */
import { epochsIn, grouped, readTyped, SHORT_CHARACTERS, spelled } from "./alphabet";
import { part, say } from "./said";

export function helpTyping(form: HTMLFormElement): void {
  const input = part<HTMLInputElement>(form, "#code");
  const status = part<HTMLElement>(form, "#code-said");
  const epochs = epochsIn(form.dataset.epochs);
  let warnedOf = "";

  input.addEventListener("input", (event) => {
    // A Chinese keyboard composes; its letters are not the person's last word yet.
    if (!(event instanceof InputEvent && event.isComposing)) group(input);
    tell(false);
  });
  input.addEventListener("compositionend", () => {
    group(input);
    tell(false);
  });
  form.addEventListener("submit", (event) => {
    const typed = readTyped(input.value, epochs);
    // Somebody may insist on a code that cannot be right, and is then told so by the server.
    const insists = typed.state === "mistyped" && warnedOf === typed.code;
    if (typed.state === "complete" || insists) {
      form.action = `/h/${typed.code}${new URL(form.action).search}`;
      return;
    }
    event.preventDefault();
    if (typed.state === "mistyped") warnedOf = typed.code;
    tell(true);
    input.focus();
  });

  function tell(isSent: boolean): void {
    const typed = readTyped(input.value, epochs);
    const isWrong = typed.state === "character" || typed.state === "tooLong" || typed.state === "mistyped";
    input.setAttribute("aria-invalid", String(isWrong || (isSent && typed.state === "missing")));
    if (typed.state === "missing" && typed.missing === SHORT_CHARACTERS && !isSent) status.textContent = "";
    else say(status, typed.state, { ...typed });
  }
}

/** Write the code in groups, and leave the caret behind the character it was behind. */
function group(input: HTMLInputElement): void {
  const caret = input.selectionEnd ?? input.value.length;
  const before = spelled(input.value.slice(0, caret)).length;
  const text = grouped(spelled(input.value));
  if (text === input.value) return;
  input.value = text;
  const groupsBefore = before === 0 ? 0 : Math.floor((before - 1) / 4);
  const position = before + groupsBefore;
  input.setSelectionRange(position, position);
}
