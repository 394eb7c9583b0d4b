/** `1 agent`, `2 agents`: of what is not only given an s, give both words. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
