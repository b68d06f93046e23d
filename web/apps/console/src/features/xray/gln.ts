const DIGITAL_LINK = /\/414\/(\d{12})\d(?:\/|$)/;
const SGLN = /^urn:epc:id:sgln:(\d+)\.(\d*)\./;

/**
 * The first twelve digits of the GLN in the identifier of a place, a GS1 Digital Link or an SGLN (TDS 2.0,
 * section 6.3.3); or nothing. They are enough to find a site: the thirteenth is their check digit, which an
 * SGLN does not have, and which only the server computes.
 */
export function glnStartOf(place: string): string | null {
  const link = DIGITAL_LINK.exec(place)?.[1];
  if (link !== undefined) return link;
  const [, company = "", location = ""] = SGLN.exec(place) ?? [];
  const digits = company + location;
  return digits.length === 12 ? digits : null;
}
