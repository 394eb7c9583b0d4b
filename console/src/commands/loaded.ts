import { COMMANDS } from './index.ts';

const loading = Object.entries(COMMANDS).map(async ([id, load]) => [id, await load()] as const);

/** Every command, loaded: what oclif asks to tell of all of them, and to complete their flags. */
export const LOADED = Object.fromEntries(await Promise.all(loading));
