/** Accounts that are somebody else on every host (login.defs has those of the system below UID_MIN). */
export const LOCAL_ACCOUNTS: ReadonlySet<string> = new Set([
  'root',
  'daemon',
  'nobody',
  'www-data',
  'postgres',
  'mysql',
  'nginx',
  'ubuntu',
  'admin',
]);
