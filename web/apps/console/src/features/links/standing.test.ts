import type { EditionView, LinkBody } from "@wuma/api-client";
import { describe, expect, it } from "vitest";
import { changes, inEffect, toCome } from "./standing";

const NOW = Date.parse("2026-06-01T00:00:00Z");

function edition(number: number, effectiveAt: string, withdrawn = false): EditionView {
  return {
    anchor: "/01/06901234567892",
    number,
    description: "",
    links: [],
    reason: "",
    actor: "",
    written_at: effectiveAt,
    effective_at: effectiveAt,
    withdrawn_at: withdrawn ? effectiveAt : null,
  };
}

function link(said: Partial<LinkBody> = {}): LinkBody {
  return {
    link_type: "gs1:pip",
    href: "https://brand.example/p",
    title: "Product",
    languages: [],
    media_type: "",
    contexts: [],
    forwards_query: true,
    is_default: false,
    ...said,
  };
}

describe("what is in effect", () => {
  const editions = [
    edition(4, "2026-09-01T00:00:00Z"),
    edition(3, "2026-05-02T00:00:00Z", true),
    edition(2, "2026-05-01T00:00:00Z"),
    edition(1, "2026-05-01T00:00:00Z"),
  ];

  it("is the latest whose time has come and that was not withdrawn", () => {
    expect(inEffect(editions, NOW)?.number).toBe(2);
    expect(inEffect([], NOW)).toBeUndefined();
  });

  it("gives way to what is to come, in its time", () => {
    expect(toCome(editions, NOW).map(({ number }) => number)).toEqual([4]);
    expect(inEffect(editions, Date.parse("2026-09-01T00:00:00Z"))?.number).toBe(4);
  });
});

it("tells a changed link from one that came and one that went", () => {
  const recipe = link({ link_type: "gs1:recipeInfo", title: "Recipe" });
  const before = [link(), recipe];
  const after = [link({ href: "https://brand.example/new" }), link({ languages: ["en"], title: "English" })];

  expect(changes(before, after)).toMatchObject([
    { kind: "modified", title: "Product" },
    { kind: "added", title: "English" },
    { kind: "removed", title: "Recipe" },
  ]);
  expect(changes(before, before)).toEqual([]);
});
