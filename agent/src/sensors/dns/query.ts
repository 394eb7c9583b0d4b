// A question somebody asked a name server, as every source tells it, and as an event.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';

export interface DnsQuery {
  atUs: number;
  /** As the source writes it, without the root's dot; any text at all: a name may hold every octet (RFC 2181 section 11). */
  name: string;
  /** "A", "AAAA", "TXT", ...; "TYPE65" (RFC 3597) where it has no name. */
  type: string;
  /** Addresses and names, where the source says them. */
  answers?: string[];
  /** Who asked; empty where the source does not say. */
  client?: string;
  clientPort?: number;
  outcome?: Outcome;
}

const NAME_LENGTH_MAX = 1024;
const ANSWERS_MAX = 64;
/** Port of DNS; none of the sources says another. */
const DNS_PORT = 53;

export function dnsEvent(query: DnsQuery, sensor: string, original: string): HostEvent {
  const { atUs, name, type, answers = [], client = '', clientPort = 0, outcome } = query;
  return {
    observedAtUs: atUs,
    class: EventClass.NETWORK,
    activity: Activity.DNS_QUERY,
    outcome: outcome ?? Outcome.OUTCOME_UNSPECIFIED,
    sensor,
    network: {
      questionName: name.slice(0, NAME_LENGTH_MAX),
      questionType: type,
      answers: answers.slice(0, ANSWERS_MAX).map((answer) => answer.slice(0, NAME_LENGTH_MAX)),
      sourceAddress: client,
      sourcePort: clientPort,
      destinationPort: DNS_PORT,
    },
    original,
    missing: ['process.pid', ...(client ? [] : ['source.ip']), ...(answers.length > 0 ? [] : ['dns.answers.data'])],
  };
}

/** Without the dot of the root, which some sources write and some do not; the root itself keeps it. */
export function withoutRoot(name: string): string {
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}

/** IANA's registry, as far as anybody asks for them; the others by RFC 3597. */
const TYPES: Record<number, string> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  13: 'HINFO',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  39: 'DNAME',
  43: 'DS',
  44: 'SSHFP',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  52: 'TLSA',
  64: 'SVCB',
  65: 'HTTPS',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
};

export function typeName(number: number): string {
  return TYPES[number] ?? `TYPE${number}`;
}

/** "type=65" of dnsmasq, "TYPE65" of the others, or a name; empty for what is none. */
export function readType(text: string): string {
  const number = /^(?:TYPE|type=)(\d{1,5})$/.exec(text)?.[1];
  return number ? typeName(Number(number)) : /^[A-Z][A-Z0-9-]{0,15}$/.test(text) ? text : '';
}
