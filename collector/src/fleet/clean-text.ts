/**
 * Short text a host says of itself, fit to be stored: bounded, without NUL (which no database takes) and without control
 * characters (which belong in no list). Absent is empty.
 */
export function cleanText(text: string | null | undefined, charsMax: number): string {
  return (text ?? '')
    .slice(0, charsMax)
    .replaceAll(/\p{Cc}/gu, '')
    .toWellFormed();
}
