/**
 * What one form sends, told apart from the next: the source of its `Idempotency-Key`.
 *
 * Pressing the button again after a lost answer repeats the key, so the server does the work once; a
 * corrected form is another request and gets another key, because a key stands for one body.
 */
export class Submission {
  #body: string | null = null;
  #key = "";

  /** The headers to send with this body. */
  headers(body: unknown): { "Idempotency-Key": string } {
    const text = JSON.stringify(body);
    if (text !== this.#body) {
      this.#body = text;
      this.#key = crypto.randomUUID();
    }
    return { "Idempotency-Key": this.#key };
  }

  /** Forget the body: it was accepted, and sending the same again is meant to do it again. */
  accepted(): void {
    this.#body = null;
  }
}
