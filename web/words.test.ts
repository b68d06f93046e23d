import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Dictionary } from "@wuma/locale";
import { describe, expect, it } from "vitest";

const HAN = /\p{Script=Han}/u;
// Whoever looks for their own language looks for its own name.
const NAMES_OF_LANGUAGES = new Set(["apps/console/src/app/language-switch.tsx"]);

const modules = import.meta.glob<{ words: Dictionary }>("./{apps,packages}/*/src/**/*words.ts", {
  eager: true,
});
const dictionaries = Object.entries(modules).filter(([, module]) => "words" in module);

it("finds the dictionaries at all", () => {
  expect(dictionaries.length).toBeGreaterThan(5);
});

describe.each(dictionaries)("%s", (path, { words }) => {
  it("says the same values in both languages", () => {
    const differing = Object.keys(words["zh-CN"]).filter(
      (key) => placeholders(words["zh-CN"][key]) !== placeholders(words.en[key]),
    );
    expect(differing).toEqual([]);
  });

  it("is Chinese in the one and English in the other", () => {
    const untranslated = Object.keys(words.en).filter(
      (key) => words.en[key] === "" || words["zh-CN"][key] === "" || HAN.test(words.en[key] ?? ""),
    );
    expect(untranslated).toEqual([]);
  });

  it("holds no key that its pages do not use", () => {
    const used = sourcesOf(dirname(path)).join("\n");
    const unused = Object.keys(words.en).filter((key) => !isUsed(key, used));
    expect(unused).toEqual([]);
  });
});

it("leaves no Chinese outside of the dictionaries", () => {
  const places = [...filesUnder("apps"), ...filesUnder("packages")].filter(
    (file) => /\.tsx?$/.test(file) && !/words\.ts$|\.test\.ts$/.test(file) && !NAMES_OF_LANGUAGES.has(file),
  );
  const found = places.filter((file) => HAN.test(withoutComments(readFileSync(file, "utf8"))));
  expect(found).toEqual([]);
});

function placeholders(text = ""): string {
  return [...text.matchAll(/\{(\w+)\}/g)]
    .map((match) => match[1])
    .sort()
    .join();
}

/** A key is used by its name, or as one of a family: `role.qa` by `role.${role}`. */
function isUsed(key: string, sources: string): boolean {
  const family = key.slice(0, key.lastIndexOf(".") + 1);
  return sources.includes(`"${key}"`) || (family !== "" && sources.includes(`\`${family}\${`));
}

function sourcesOf(folder: string): string[] {
  return filesUnder(folder)
    .filter((file) => /\.tsx?$/.test(file) && !/words\.ts$/.test(file))
    .map((file) => readFileSync(file, "utf8"));
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "");
}
