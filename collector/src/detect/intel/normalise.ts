// A value as people and feeds write it, brought into the one form it is compared in. What cannot be an indicator, or would match
// what is everywhere, is refused by name.
import { domainToASCII } from 'node:url';
import { ADDRESS_BYTES_MAX, addressText, maskAddress, writeAddress } from './address-bytes.ts';
import type { IndicatorValue } from './indicator.ts';

export type ValueRefusal =
  | 'empty'
  | 'too long'
  | 'not an indicator'
  | 'not an address'
  | 'not a network'
  | 'not a port'
  | 'not a domain'
  | 'not a URL'
  | 'not a digest'
  | 'a network too wide'
  | 'an address that is no host of a network'
  | 'a domain with a port'
  | 'a domain of one label'
  | 'the digest of nothing';

/** A value, with whether its writing asked for the names below a domain (`*.example.org`); or why it is none. */
export type NormalisedValue = (IndicatorValue & { wildcard?: true }) | { refused: ValueRefusal };

export type WantedKind = 'address' | 'endpoint' | 'domain' | 'url' | 'digest';

/** Of a URL in UTF-16 units; nothing else comes near. */
const VALUE_CHARS_MAX = 2_048;
const DOMAIN_CHARS_MAX = 253;
/** Wider networks than any allocation: what they match is the Internet. */
const PREFIX_BITS_MIN = { 4: 8, 16: 16 } as const;
const DIGESTS: Record<number, 'md5' | 'sha1' | 'sha256'> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
/** MD5, SHA-1 and SHA-256 of no bytes: every host has such files. */
const OF_NOTHING = new Set([
  'd41d8cd98f00b204e9800998ecf8427e',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
]);
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const SCHEME = /^(?:https?|ftp):\/\//i;

/** Takes back what keeps a value from being followed by accident: `hxxps://`, `[.]`, `(.)`, `[dot]`, `[:]`, `[@]`. */
function refang(text: string): string {
  return text
    .replace(/^\s*h(?:xx|XX|tt|\*\*)p(s?)(?:\[:\]|:)(?:\/\/|\[\/\/\]|\/\[\/\])/i, 'http$1://')
    .replace(/^\s*(?:fxp|ftp)(?:\[:\]|:)\/\//i, 'ftp://')
    .replace(/\[:\/\/\]/, '://')
    .replace(/(?:\[\.\]|\(\.\)|\{\.\}|\[\.|(?<=\w)\.\]|\[dot\]|\(dot\)|\{dot\})/gi, '.')
    .replace(/\[:\]/g, ':')
    .replace(/\\\./g, '.')
    .trim();
}

/** Reads a value of any kind, or of the one a source names. */
export function normalise(raw: string, wanted?: WantedKind): NormalisedValue {
  if (raw.length > VALUE_CHARS_MAX) return { refused: 'too long' };
  const text = refang(raw);
  if (text === '') return { refused: 'empty' };
  switch (wanted) {
    case 'address':
      return text.includes('/') ? readNetwork(text) : readAddress(text);
    case 'endpoint':
      return readEndpoint(text) ?? { refused: 'not an address' };
    case 'domain':
      return readDomain(text);
    case 'url':
      return readUrl(text);
    case 'digest':
      return readDigest(text);
    default:
      return readAny(text);
  }
}

function readAny(text: string): NormalisedValue {
  if (SCHEME.test(text)) return readUrl(text);
  if (/^[0-9a-f.:]+\/\d{1,3}$/i.test(text)) return readNetwork(text);
  const address = readAddress(text);
  if (!('refused' in address) || address.refused !== 'not an address') return address;
  const endpoint = readEndpoint(text);
  if (endpoint) return endpoint;
  if (DIGESTS[text.length] && /^[0-9a-f]+$/i.test(text)) return readDigest(text);
  if (/[/\s]/.test(text)) return { refused: 'not an indicator' };
  if (/^[^:]+:\d{1,5}$/.test(text)) return { refused: 'a domain with a port' };
  return readDomain(text);
}

function readAddress(text: string): NormalisedValue {
  const bytes = new Uint8Array(ADDRESS_BYTES_MAX);
  const length = writeAddress(text.replace(/^\[(.*)\]$/, '$1'), bytes);
  if (length === 0) return { refused: 'not an address' };
  const address = bytes.subarray(0, length);
  if (isNoHost(address)) return { refused: 'an address that is no host of a network' };
  return { kind: 'address', value: addressText(address) };
}

/** Unspecified, loopback, link-local, multicast and broadcast: every host has them (RFC 6890). */
function isNoHost(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 4) return first === 0 || first === 127 || first >= 224 || (first === 169 && second === 254);
  const low = bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15]! <= 1;
  return low || first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80);
}

function readNetwork(text: string): NormalisedValue {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const bytes = new Uint8Array(ADDRESS_BYTES_MAX);
  const length = match ? writeAddress(match[1]!, bytes) : 0;
  if (!match || length === 0) return { refused: 'not a network' };
  const mapped = length === 4 && match[1]!.includes(':');
  const prefixBits = Number(match[2]) - (mapped ? 96 : 0);
  if (prefixBits > length * 8) return { refused: 'not a network' };
  if (prefixBits < PREFIX_BITS_MIN[length]) return { refused: 'a network too wide' };
  const network = bytes.subarray(0, length);
  maskAddress(network, prefixBits);
  if (isNoHost(network)) return { refused: 'an address that is no host of a network' };
  if (prefixBits === length * 8) return { kind: 'address', value: addressText(network) };
  return { kind: 'network', value: `${addressText(network)}/${prefixBits}` };
}

function readEndpoint(text: string): NormalisedValue | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const address = readAddress(match[1] ?? match[2]!);
  if ('refused' in address) return address.refused === 'not an address' ? undefined : address;
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) return { refused: 'not a port' };
  return { kind: 'endpoint', value: endpointText(address.value, port) };
}

export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function readDomain(text: string): NormalisedValue {
  const wildcard = /^(?:\*\.|\.)/.test(text);
  const name = domainName(wildcard ? text.replace(/^\*?\./, '') : text);
  if (name === undefined) return { refused: 'not a domain' };
  if (!name.includes('.')) return { refused: 'a domain of one label' };
  return { kind: 'domain', value: name, ...(wildcard && { wildcard }) };
}

/** Lower case, in the ASCII form of IDNA, without the dot at its end; undefined for what cannot be a name of a host. */
export function domainName(text: string): string | undefined {
  let name = text.toLowerCase();
  if (name.endsWith('.')) name = name.slice(0, -1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what needs no further look
  if (!/^[\x00-\x7f]*$/.test(name)) name = domainToASCII(name);
  if (name === '' || name.length > DOMAIN_CHARS_MAX) return undefined;
  const labels = name.split('.');
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!) ? name : undefined;
}

function readUrl(text: string): NormalisedValue {
  const value = urlText(text);
  return value === undefined ? { refused: 'not a URL' } : { kind: 'url', value };
}

/** As WHATWG writes it, without credentials, fragment and a dot at the end of its host; undefined where it is none of the web or of FTP. */
export function urlText(text: string): string | undefined {
  if (!SCHEME.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.username = '';
  url.password = '';
  url.hash = '';
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  return url.hostname === '' || url.href.length > VALUE_CHARS_MAX ? undefined : url.href;
}

function readDigest(text: string): NormalisedValue {
  const value = text.toLowerCase();
  const kind = DIGESTS[value.length];
  if (!kind || !/^[0-9a-f]+$/.test(value)) return { refused: 'not a digest' };
  return OF_NOTHING.has(value) ? { refused: 'the digest of nothing' } : { kind, value };
}
