import { useWords } from "@wuma/locale";
import { words as dispositionWords } from "./disposition-words";
import { words as stepWords } from "./step-words";

/** The name of a business step of the CBV; a word of somebody's own stays as it is. */
export function useStepName(): (step: string) => string {
  const t = useWords(stepWords);
  return (step) => (isStep(step) ? t(`step.${step}`) : step);
}

/** The name of a disposition of the CBV; a word of somebody's own stays as it is. */
export function useDispositionName(): (disposition: string) => string {
  const t = useWords(dispositionWords);
  return (disposition) => (isDisposition(disposition) ? t(`disposition.${disposition}`) : disposition);
}

type Named<Key, Prefix extends string> = Key extends `${Prefix}.${infer Name}` ? Name : never;

function isStep(name: string): name is Named<keyof (typeof stepWords)["zh-CN"], "step"> {
  return `step.${name}` in stepWords.en;
}

function isDisposition(name: string): name is Named<keyof (typeof dispositionWords)["zh-CN"], "disposition"> {
  return `disposition.${name}` in dispositionWords.en;
}
