/** A share (0 to 1) as people read it. Only what is whole is 100.0 %, and only nothing is 0.0 %. */
export function percentText(share: number): string {
  const percent = share * 100;
  if (share < 1 && percent > 99.9) return 'more than 99.9 %';
  if (share > 0 && percent < 0.1) return 'less than 0.1 %';
  return `${percent.toFixed(1)} %`;
}
