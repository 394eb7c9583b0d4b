/** Whether the terminal shows more than ASCII, by the locale; where none is set, most do. */
export function isUtf8(env: Record<string, string | undefined>): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || 'UTF-8');
}
