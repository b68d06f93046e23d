const DIGITAL_LINK = /\/414\/(\d{13})(?:\/|$)/;
const SGLN = /^urn:epc:id:sgln:(\d+)\.(\d*)\./;

/** The GLN in the identifier of a place: a GS1 Digital Link or an SGLN (TDS 2.0, section 6.3.3); or nothing. */
export function glnOf(place: string): string | null {
  const link = DIGITAL_LINK.exec(place)?.[1];
  if (link !== undefined) return link;
  const [, company = "", location = ""] = SGLN.exec(place) ?? [];
  const digits = company + location;
  return digits.length === 12 ? digits + checkDigit(digits) : null;
}

/** The check digit of GS1 keys: weights 3 and 1 from the right (General Specifications, section 7.9). */
function checkDigit(digits: string): string {
  const sum = [...digits]
    .reverse()
    .reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 1 : 3), 0);
  return String((10 - (sum % 10)) % 10);
}
