// Where a port is opened, as people write it.
import { z } from 'zod';

const LISTEN = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<host>[^\s:[\]]+)):(?<port>[0-9]{1,5})$/;

/** As a setting. */
export const listenAddress = z
  .string()
  .refine((text) => parseListen(text) !== undefined, 'write HOST:PORT, such as 0.0.0.0:7443');

/** Host and port of `HOST:PORT` or `[IPV6]:PORT`; undefined for anything else. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const match = LISTEN.exec(text)?.groups;
  const port = Number(match?.port);
  const host = match?.v6 ?? match?.host;
  return host !== undefined && port <= 65_535 ? { host, port } : undefined;
}

/** Whether only this host can connect there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
