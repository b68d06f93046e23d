/**
 * Presses the button of the page that a hidden code opens, for a person who looks at it.
 *
 * Nothing is pressed while a browser prepares the page in advance or keeps it in the background, nor when
 * the person comes back to it: a check counts, and the first one is worth something.
 */
{
  const form = document.querySelector<HTMLFormElement>("#check");
  const said = document.querySelector<HTMLElement>("#said");
  const before = said?.textContent ?? "";
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const isPrerendering = () => (document as { prerendering?: boolean }).prerendering === true;

  const check = () => {
    if (isPrerendering() || document.hidden) return;
    document.removeEventListener("visibilitychange", check);
    document.removeEventListener("prerenderingchange", check);
    document.body.classList.add("busy");
    if (said) said.textContent = said.dataset.checking ?? "";
    form?.submit();
  };
  addEventListener("pagehide", () => {
    document.body.classList.remove("busy");
    if (said) said.textContent = before;
  });
  if (navigation?.type !== "back_forward") {
    document.addEventListener("visibilitychange", check);
    document.addEventListener("prerenderingchange", check);
    check();
  }
}
