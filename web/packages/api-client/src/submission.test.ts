import { expect, it } from "vitest";
import { Submission } from "./submission";

it("repeats its key while the body stays the same", () => {
  const submission = new Submission();
  expect(submission.headers({ quantity: 1 })).toEqual(submission.headers({ quantity: 1 }));
});

it("takes another key for a corrected body", () => {
  const submission = new Submission();
  expect(submission.headers({ quantity: 1 })).not.toEqual(submission.headers({ quantity: 2 }));
});

it("takes another key once the server has accepted", () => {
  const submission = new Submission();
  const first = submission.headers({ quantity: 1 });
  submission.accepted();
  expect(submission.headers({ quantity: 1 })).not.toEqual(first);
});
