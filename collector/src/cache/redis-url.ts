// Addresses of a Redis, as they stand in collector.yaml. Pure.
//
//   redis://[USER:PASSWORD@]HOST[:6379][/DATABASE]
//   redis+sentinel://[USER:PASSWORD@]HOST[:26379],HOST,.../NAME[/DATABASE]
//   redis+cluster://[USER:PASSWORD@]HOST[:6379],HOST,...
//
// `rediss` instead of `redis` is TLS. USER and PASSWORD are those of the Redis, never of the sentinels.
import { CacheError } from './cache-error.ts';

const HOSTS_MAX = 32;
const CHARS_MAX = 4_096;
const DATABASE_MAX = 1_023;
const PORTS = { single: 6379, sentinel: 26379, cluster: 6379 } as const;
const URL_FORM =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]+)(?<path>(?:\/[^/?#]*){0,2})$/;
const HOST_FORM = /^(?:\[(?<v6>[0-9A-Fa-f:.]{2,45})\]|(?<host>[A-Za-z0-9._-]{1,253}))(?::(?<port>\d{1,5}))?$/;
/** Of the group a sentinel watches. */
const NAME_FORM = /^[A-Za-z0-9._-]{1,128}$/;

interface RedisHost {
  host: string;
  port: number;
}

export interface RedisAddress {
  kind: 'single' | 'sentinel' | 'cluster';
  tls: boolean;
  hosts: RedisHost[];
  /** What sentinels call it; empty elsewhere. */
  name: string;
  database: number;
  username: string | undefined;
  password: string | undefined;
}

/** Throws CacheError `address`, which never has the text: it may hold a password. */
export function readRedisUrl(text: string): RedisAddress {
  const given = text.length <= CHARS_MAX ? URL_FORM.exec(text)?.groups : undefined;
  if (!given) throw refuse('write redis://HOST:PORT, redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST');
  const kind = (given.kind ?? 'single') as RedisAddress['kind'];
  const hosts = given.hosts!.split(',').map((each) => readHost(each, PORTS[kind]));
  if (hosts.length > HOSTS_MAX) throw refuse(`at most ${HOSTS_MAX} hosts`);
  if (kind === 'single' && hosts.length > 1) {
    throw refuse('several hosts are redis+sentinel://HOST,HOST/NAME or redis+cluster://HOST,HOST');
  }
  const parts = given.path!.split('/').slice(1);
  const name = kind === 'sentinel' ? decode(parts.shift() ?? '') : '';
  if (kind === 'sentinel' && !NAME_FORM.test(name)) throw refuse('name what the sentinels watch: .../NAME');
  const database = parts.shift() ?? '';
  if (parts.length > 0 || !/^\d{0,4}$/.test(database) || Number(database) > DATABASE_MAX) {
    throw refuse('after the hosts comes the number of a database, or nothing');
  }
  if (kind === 'cluster' && Number(database) > 0) throw refuse('a cluster has no other database than 0');
  return {
    ...{ kind, hosts, name },
    tls: given.scheme === 'rediss',
    database: Number(database),
    username: given.user ? decode(given.user) : undefined,
    password: given.password === undefined ? undefined : decode(given.password),
  };
}

/** For people and logs: no user, no password. */
export function describeRedis({ kind, tls, hosts, name, database }: RedisAddress): string {
  const scheme = `${tls ? 'rediss' : 'redis'}${kind === 'single' ? '' : `+${kind}`}`;
  const written = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  return `${scheme}://${written}${name && `/${name}`}${database > 0 ? `/${database}` : ''}`;
}

function readHost(text: string, defaultPort: number): RedisHost {
  const found = HOST_FORM.exec(text)?.groups;
  const port = found?.port === undefined ? defaultPort : Number(found.port);
  const host = found?.v6 ?? found?.host;
  if (host === undefined || port < 1 || port > 65_535) throw refuse('a host is NAME, ADDRESS or [IPV6], with :PORT');
  return { host, port };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw refuse('a "%" in it is followed by two hexadecimal digits', { cause });
  }
}

function refuse(message: string, options?: ErrorOptions): CacheError {
  return new CacheError('address', `this is no address of a Redis: ${message}`, options);
}
