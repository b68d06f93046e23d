import { describe, expect, it } from "vitest";
import { epochOf, epochsIn, grouped, isCode, readTyped, spelled } from "./alphabet";

const EPOCHS = new Set([5]);
const CODE = "7000000000000011"; // names epoch 5; from the documentation of the server's alphabet
const CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

describe("spelling", () => {
  it.each([
    ["7z3k-ooil  ｑｒｓｔ－０１２３", "7Z3K0011QRST0123"],
    ["７Ｚ３Ｋ　ｏｏｉｌ", "7Z3K0011"],
    ["7z3k\u200b\u00ad_·—", "7Z3K"],
    ["u?ſ", "U?ſ"],
  ])("reads %s as it is printed", (text, expected) => {
    expect(spelled(text)).toBe(expected);
  });

  it("writes codes in groups of four", () => {
    expect(grouped("7Z3K0011QRST0123")).toBe("7Z3K-0011-QRST-0123");
    expect(grouped("7Z3K0")).toBe("7Z3K-0");
    expect(grouped("")).toBe("");
  });
});

describe("the check character", () => {
  it("names the epoch that the server's arithmetic names", () => {
    expect(epochOf("0".repeat(16))).toBe(0);
    expect(epochOf(`1${"0".repeat(15)}`)).toBe(1);
    expect(epochOf(`01${"0".repeat(14)}`)).toBe(2);
    expect(epochOf(CODE)).toBe(5);
  });

  it("knows every single wrong character", () => {
    const wrong = [...CODE].flatMap((right, place) =>
      [...CHARACTERS]
        .filter((character) => character !== right)
        .map((character) => CODE.slice(0, place) + character + CODE.slice(place + 1)),
    );

    expect(wrong).toHaveLength(16 * 31);
    expect(wrong.filter((code) => EPOCHS.has(epochOf(code)))).toEqual([]);
  });

  it("knows every two different characters that changed places", () => {
    const code = `${CHARACTERS.slice(3, 18)}`;
    const whole = `${code}${[...CHARACTERS].find((last) => epochOf(code + last) === 5)}`;
    for (let one = 0; one < whole.length; one++) {
      for (let other = one + 1; other < whole.length; other++) {
        const characters = [...whole];
        [characters[one], characters[other]] = [characters[other] ?? "", characters[one] ?? ""];
        if (characters.join("") !== whole) expect(epochOf(characters.join(""))).not.toBe(5);
      }
    }
  });
});

describe("what is typed", () => {
  it.each([
    ["", { state: "missing", missing: 16 }],
    ["7000-00", { state: "missing", missing: 10 }],
    ["7000-0000-0000-0011", { state: "complete", code: CODE }],
    ["７ooo oooo oooo ooil", { state: "complete", code: CODE }],
    ["7000-0000-0000-0012", { state: "mistyped", code: "7000000000000012" }],
    ["7000-0000-0000-00110", { state: "tooLong", extra: 1 }],
    ["7U", { state: "character", character: "U" }],
    ["7😀", { state: "character", character: "😀" }],
  ])("%s", (text, expected) => {
    expect(readTyped(text, EPOCHS)).toEqual(expected);
  });

  it("reads the epochs that the page was given", () => {
    expect(epochsIn("0 5 31")).toEqual(new Set([0, 5, 31]));
    expect(epochsIn("")).toEqual(new Set());
    expect(epochsIn(undefined)).toEqual(new Set());
  });
});

it("takes only texts of our lengths, characters and epochs for codes", () => {
  const long = [...CHARACTERS].map((head) => head + "0".repeat(26)).find((code) => epochOf(code) === 5);

  expect(isCode(CODE, EPOCHS)).toBe(true);
  expect(isCode(long ?? "", EPOCHS)).toBe(true);
  expect(isCode(CODE, new Set([4]))).toBe(false);
  expect(isCode(CODE.slice(1), EPOCHS)).toBe(false);
  expect(isCode(CODE.toLowerCase().replace("7", "u"), EPOCHS)).toBe(false);
});
