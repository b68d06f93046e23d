/** Reporting a concern without leaving the answer; the form works without this, only slower. */
import { drawn, openPhoto } from "./photo";
import { part, say } from "./said";

const PHOTO_SIDE_MAX = 1600; // a batch number is still read well
const PHOTO_QUALITY = 0.82;
const TOO_LARGE = 413;

export function helpReporting(details: HTMLElement): void {
  const form = part<HTMLFormElement>(details, "form");
  const button = part<HTMLButtonElement>(form, ".button");
  const status = part<HTMLElement>(details, "[role=status]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    say(status, "sending");
    void send().then((outcome) => {
      button.disabled = false;
      form.hidden = outcome === "sent";
      say(status, outcome);
    });
  });

  async function send(): Promise<string> {
    const report = new FormData(form);
    const photo = report.get("photo");
    report.delete("photo");
    if (photo instanceof File && photo.size > 0) {
      const smaller = await madeSmaller(photo);
      if (smaller.size > Number(form.dataset.photoBytesMax)) return "photoTooLarge";
      report.set("photo", smaller, "photo.jpg");
    }
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { accept: "application/json" },
      body: report,
    }).catch(() => undefined);
    if (answer === undefined || answer.status >= 500) return "failed";
    if (answer.status === TOO_LARGE) return "photoTooLarge";
    return answer.ok ? "sent" : "refused";
  }
}

/** Return a photo of at most 1600 pixels, without what the camera wrote about the place; or else as it is. */
async function madeSmaller(photo: File): Promise<Blob> {
  const picture = await openPhoto(photo).catch(() => undefined);
  if (picture === undefined) return photo; // a format that this browser does not show
  const canvas = drawn(picture, PHOTO_SIDE_MAX);
  const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", PHOTO_QUALITY));
  return smaller ?? photo;
}
