const ESC = '\u001b';
/** Bytes a terminal takes into its clipboard: most stop at 100,000 in base64. */
const COPIED_BYTES_MAX = 65_536;

/** OSC 52, which also reaches the clipboard over ssh. What it carries is base64: nothing of it is acted on. */
export function clipboardSequence(text: string): string {
  const bytes = Buffer.from(text).subarray(0, COPIED_BYTES_MAX);
  return `${ESC}]52;c;${bytes.toString('base64')}\u0007`;
}
