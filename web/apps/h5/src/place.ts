/** Sharing where one is: asked for on a tap only, and never needed. */
import { part, say } from "./said";

const TIMEOUT_MS = 15_000;
const AGE_MS_MAX = 60_000; // a minute ago this person was at the same shelf
const DEGREE_DECIMALS = 5; // about a metre; more digits would only pretend

export function offerPlace(section: HTMLElement): void {
  if (!("geolocation" in navigator) || !window.isSecureContext) return;
  const button = part<HTMLButtonElement>(section, "button");
  const status = part<HTMLElement>(section, "[role=status]");
  section.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    say(status, "asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => void send(coords),
      (error) => {
        button.disabled = false;
        say(status, error.code === error.PERMISSION_DENIED ? "denied" : "unavailable");
      },
      { enableHighAccuracy: false, timeout: TIMEOUT_MS, maximumAge: AGE_MS_MAX },
    );
  });

  async function send(coords: GeolocationCoordinates): Promise<void> {
    const answer = await fetch(`/m/scans/${section.dataset.scan}/place`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        longitude: Number(coords.longitude.toFixed(DEGREE_DECIMALS)),
        latitude: Number(coords.latitude.toFixed(DEGREE_DECIMALS)),
        accuracy_m: Math.round(coords.accuracy),
      }),
    }).catch(() => undefined);
    const isSent = answer?.ok === true;
    button.hidden = isSent;
    button.disabled = false;
    say(status, isSent ? "sent" : "failed");
  }
}
