import { expect, it } from "vitest";
import { Problem, problemOf } from "./problem";

const DOCUMENT = {
  type: "urn:wuma:problem:invalid-input",
  title: "The input does not have the expected form",
  status: 422,
  detail: "The e-mail address.",
  errors: [
    { at: "/body/email", expected: "name@domain", got: "x" },
    { at: "/items/0/na~1me", expected: "text", got: "7" },
  ],
};

it("reads a problem document with its faults", async () => {
  const problem = await problemOf(new Response(JSON.stringify(DOCUMENT), { status: 422 }));

  expect(problem).toBeInstanceOf(Problem);
  expect([problem.slug, problem.status, problem.detail]).toEqual([
    "invalid-input",
    422,
    "The e-mail address.",
  ]);
  expect(problem.faults.map(Problem.fieldOf)).toEqual([["email"], ["items", "0", "na/me"]]);
});

it("takes a proxy's page for what it is", async () => {
  const problem = await problemOf(new Response("<html>Bad gateway</html>", { status: 502 }));

  expect([problem.slug, problem.status]).toEqual(["unreadable", 502]);
});

it("keeps only faults that say where, what and what came", async () => {
  const odd = { ...DOCUMENT, errors: [{ at: 7 }, "x", DOCUMENT.errors[0]] };
  const problem = await problemOf(new Response(JSON.stringify(odd), { status: 422 }));

  expect(problem.faults).toEqual([DOCUMENT.errors[0]]);
});
