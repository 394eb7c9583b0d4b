// Events held against the index, in the shard that opened them. What an event has no field for is not looked at, and where nothing is
// listed of a kind its fields are not read.
//
// Within a batch the sightings of one indicator in one field are one detection, with how many events it was: a feed that lists what
// everybody uses must not make an alert of every connection.
import type { Detection, EventReference, HostEvent } from '@threatguard/proto';
import type { MatchableBatch } from '../rules/event-matcher.ts';
import { DETECTION_EVENTS_MAX } from '../rules/rule.ts';
import { KeyWriter } from './indicator-key.ts';
import { buildIntelDetection, type SeenField, type Sighting } from './intel-detection.ts';
import type { Claim, IntelIndex } from './intel-index.ts';
import { domainName, urlText } from './normalise.ts';
import { weigh } from './weigh.ts';

/** URLs looked at in the arguments of one process; a longer list is a crawler's. */
const URLS_MAX = 16;
const URL_IN_TEXT = /\b(?:https?|ftp):\/\/[^\s'"<>|;`\\)]{1,2048}/gi;

/** Nothing is made for a look that finds nothing. */
const NONE: readonly number[] = [];

/** Addresses and names known not to be listed; hosts speak with the same few again and again. Some 1 MiB. */
const MISSED_MAX = 8_192;

interface Seen {
  sighting: Sighting;
  event: HostEvent;
  events: EventReference[];
  count: number;
  firstAtUs: number;
  lastAtUs: number;
}

/** Where a look is: the batch, the event, and what was found so far. */
interface Look {
  batch: MatchableBatch;
  index: number;
  atUs: number;
  found: Map<string, Seen>;
}

export class IntelMatcher {
  readonly #index: IntelIndex;
  readonly #keys = new KeyWriter();
  readonly #retro: boolean;
  /** Of addresses: themselves and the networks around them. Of names: themselves and those above. */
  readonly #missed = new Set<string>();
  readonly #addresses: boolean;
  readonly #endpoints: boolean;
  readonly #domains: boolean;
  readonly #urls: boolean;
  readonly #digests: boolean;

  constructor(index: IntelIndex, options: { retro?: boolean } = {}) {
    this.#index = index;
    this.#retro = options.retro ?? false;
    this.#endpoints = index.has('endpoint');
    this.#addresses = index.has('address') || index.has('network') || this.#endpoints;
    this.#domains = index.has('domain');
    this.#urls = index.has('url') || this.#domains || this.#addresses;
    this.#digests = index.has('sha256');
  }

  match(batch: MatchableBatch): Detection[] {
    if (this.#index.size === 0) return [];
    const found = new Map<string, Seen>();
    const look: Look = { batch, index: 0, atUs: 0, found };
    const { events, eventTimesUs, receivedAtUs } = batch;
    for (let index = 0; index < events.length; index++) {
      look.index = index;
      look.atUs = Math.min(eventTimesUs[index]!, receivedAtUs);
      this.#event(events[index]!, look);
    }
    return Array.from(found.values(), ({ sighting, event, ...span }) =>
      buildIntelDetection(sighting, event, { agentId: batch.agentId, ...span }),
    );
  }

  #event({ network, authentication, process, file }: HostEvent, look: Look): void {
    if (network) {
      if (this.#addresses) {
        if (network.sourceAddress) this.#address('source.ip', network.sourceAddress, network.sourcePort ?? 0, look);
        if (network.destinationAddress) {
          this.#address('destination.ip', network.destinationAddress, network.destinationPort ?? 0, look);
        }
      }
      if (this.#domains && network.questionName) this.#domain('dns.question.name', network.questionName, look);
    }
    if (authentication) {
      if (this.#addresses && authentication.sourceAddress && !network?.sourceAddress) {
        this.#address('source.ip', authentication.sourceAddress, authentication.sourcePort ?? 0, look);
      }
      const { command } = authentication;
      if (this.#urls && command?.includes('://')) this.#texts('threatguard.authentication.command', [command], look);
    }
    if (this.#digests) {
      if (process?.executableSha256) this.#digest('process.hash.sha256', process.executableSha256, look);
      if (file?.sha256) this.#digest('file.hash.sha256', file.sha256, look);
    }
    const args = process?.args;
    if (this.#urls && args && args.length > 1) this.#texts('process.args', args, look);
  }

  /** The address itself, with its port, and every network around it. */
  #address(field: SeenField, text: string, port: number, look: Look): void {
    const keys = this.#keys;
    const index = this.#index;
    const known = this.#missed.has(text);
    if ((known && !this.#endpoints) || !keys.address(text)) return;
    const side = field === 'source.ip' ? 'source' : 'destination';
    let entries = known ? NONE : this.#around();
    if (entries.length === 0 && !known) this.#miss(text);
    if (this.#endpoints && port > 0) {
      keys.endpoint(port);
      const entry = index.find(keys);
      if (entry >= 0) entries = [entry, ...entries];
    }
    if (entries.length > 0)
      this.#sight(field, text, entries, look, (claim) => claim.side === 'any' || claim.side === side);
  }

  /** Entries of the address that was written last, and of every network around it. */
  #around(): readonly number[] {
    const keys = this.#keys;
    const index = this.#index;
    const exact = index.find(keys);
    let entries = exact >= 0 ? [exact] : NONE;
    for (const bits of keys.addressBytes === 4 ? index.prefixes4 : index.prefixes6) {
      keys.network(bits);
      const entry = index.find(keys);
      if (entry >= 0) entries = [...entries, entry];
    }
    return entries;
  }

  #miss(text: string): void {
    if (this.#missed.size >= MISSED_MAX) this.#missed.clear();
    this.#missed.add(text);
  }

  /** The name, and every name above it that stands for those below. */
  #domain(field: SeenField, text: string, look: Look): void {
    if (this.#missed.has(text)) return;
    const name = domainName(text);
    if (name === undefined) return;
    const keys = this.#keys;
    const index = this.#index;
    let entries = NONE;
    let exact = -1;
    for (let from = 0; ; ) {
      if (keys.text('domain', name, from)) {
        const entry = index.find(keys);
        if (entry >= 0) entries = [...entries, entry];
        if (from === 0) exact = entry;
      }
      const dot = name.indexOf('.', from);
      if (dot < 0) break;
      from = dot + 1;
    }
    if (entries.length === 0) this.#miss(text);
    if (entries.length > 0)
      this.#sight(field, name, entries, look, ({ subdomains }, entry) => subdomains || entry === exact);
  }

  #digest(field: SeenField, text: string, look: Look): void {
    if (!this.#keys.digest('sha256', text)) return;
    const entry = this.#index.find(this.#keys);
    if (entry >= 0) this.#sight(field, text, [entry], look, () => true);
  }

  /** URLs in texts, and the hosts they name. */
  #texts(field: SeenField, texts: readonly string[], look: Look): void {
    let left = URLS_MAX;
    for (const text of texts) {
      if (!text.includes('://')) continue;
      for (const [raw] of text.matchAll(URL_IN_TEXT)) {
        if (left-- === 0) return;
        this.#url(field, raw, look);
      }
    }
  }

  #url(field: SeenField, raw: string, look: Look): void {
    const url = urlText(raw);
    if (url === undefined) return;
    if (this.#keys.text('url', url)) {
      const entry = this.#index.find(this.#keys);
      if (entry >= 0) {
        this.#sight(field, url, [entry], look, () => true);
        return;
      }
    }
    const { hostname, port, protocol } = new URL(url);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const number = Number(port) || (protocol === 'https:' ? 443 : protocol === 'http:' ? 80 : 21);
    if (this.#addresses) this.#address(field, host, number, look);
    if (this.#domains) this.#domain(field, host, look);
  }

  /** Entries of which some claim counts, the narrowest first: one sighting with the weight of them all. */
  #sight(
    field: SeenField,
    seen: string,
    entries: readonly number[],
    { batch, index, atUs, found }: Look,
    counts: (claim: Claim, entry: number) => boolean,
  ): void {
    let narrowest = -1;
    const claims: Claim[] = [];
    for (const entry of entries) {
      const counting = this.#index
        .claims(entry)
        .filter((claim) => isCurrent(claim, atUs, batch.receivedAtUs) && counts(claim, entry));
      if (counting.length > 0 && narrowest < 0) narrowest = entry;
      claims.push(...counting);
    }
    const weighed = weigh(claims);
    if (!weighed) return;
    const reference = { agentId: batch.agentId, ...batch.header, index };
    const { agentId, streamId, sequence } = reference;
    const known = found.get(`${field} ${narrowest}`);
    if (known) {
      known.count++;
      known.firstAtUs = Math.min(known.firstAtUs, atUs);
      known.lastAtUs = Math.max(known.lastAtUs, atUs);
      if (known.events.length < DETECTION_EVENTS_MAX) known.events.push({ agentId, streamId, sequence, index });
      return;
    }
    const sighting = { field, seen, indicator: this.#index.value(narrowest), weighed, retro: this.#retro };
    const events = [{ agentId, streamId, sequence, index }];
    const event = batch.events[index]!;
    found.set(`${field} ${narrowest}`, { sighting, event, events, count: 1, firstAtUs: atUs, lastAtUs: atUs });
  }
}

/** An indicator has its end at the time of the event; one that is only to be valid in the future is not yet. */
function isCurrent({ sinceUs, untilUs }: Claim, atUs: number, nowUs: number): boolean {
  return sinceUs <= nowUs && (untilUs === undefined || atUs < untilUs);
}
