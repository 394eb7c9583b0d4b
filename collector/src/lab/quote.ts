/** A cell of CSV (RFC 4180 2.6): what has a comma, a quote or a line break in it stands in quotes. */
export function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
