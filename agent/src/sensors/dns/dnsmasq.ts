// dnsmasq's log-queries: one line for a question and one for each answer, joined here. With log-queries=extra every line carries a number
// and the client; without it an answer belongs to the latest question for its name.
//
// State: questions not told yet, oldest first, at most WAITING_MAX, none older than WAIT_US. `done` of each is called when it is told.
import { Outcome } from '@threatguard/proto';
import { parseSyslogLine } from '../auth/syslog-line.ts';
import type { Clock } from '../auth/syslog-time.ts';
import { type DnsQuery, readType } from './query.ts';

/** Answers come within this, or the question is told without them. */
const WAIT_US = 2_000_000;
const WAITING_MAX = 1024;
const ANSWERS_MAX = 64;
/** Places where a line is tried to be taken apart. */
const CUTS_MAX = 8;

/** "7 192.0.2.1/53211 " of log-queries=extra. */
const EXTRA = /^(?<serial>\d{1,10}) (?<client>[\da-fA-F.:%\w]{2,64})\/(?<port>\d{1,5}) /;
/** The client stands at the end: a name may hold " from " only where dnsmasq prints it raw, and then the last one counts. */
const QUERY = /^query\[(?<type>[\w=]{1,24})\] (?<name>.{1,1100}) from (?<client>[\da-fA-F.:%\w]{2,64})$/;
const ANSWER = /^(?:reply|cached|cached-stale|config|\/\S{1,512}|DHCP|read) (?<rest>.{1,2200})$/;

interface Waiting {
  query: DnsQuery;
  answers: string[];
  serial: string | undefined;
  /** The name that was asked for, and those it is an alias of. */
  names: Set<string>;
  line: string;
  done: () => void;
}

export interface ToldQuery {
  query: DnsQuery;
  line: string;
  done: () => void;
}

export class DnsmasqReader {
  #waiting: Waiting[] = [];
  /** The question whose answer was another name: the next line says what that one is. */
  #chain: Waiting | undefined;

  /** Questions that are complete by now. `known` is false for a line that is no line of dnsmasq. */
  read(line: string, clock: Clock, done: () => void): { told: ToldQuery[]; known: boolean } {
    const entry = parseSyslogLine(line, clock);
    if (entry?.program !== 'dnsmasq') {
      done();
      return { told: [], known: false };
    }
    const told = this.expire(entry.timeUs);
    const extra = EXTRA.exec(entry.message)?.groups;
    const said = extra ? entry.message.slice(EXTRA.exec(entry.message)![0].length) : entry.message;
    const asked = QUERY.exec(said)?.groups;
    if (asked) {
      const { name = '', client = '' } = asked;
      const query = { atUs: entry.timeUs, name, type: readType(asked.type!), client, ...portOf(extra?.port) };
      this.#waiting.push({ query, answers: [], serial: extra?.serial, names: new Set([name]), line, done });
      if (this.#waiting.length > WAITING_MAX) told.push(tell(this.#waiting.shift()!));
      return { told, known: true };
    }
    const answered = ANSWER.exec(said)?.groups?.rest;
    if (answered) this.#answer(extra?.serial, answered);
    done();
    return { told, known: true };
  }

  /** Questions that have waited long enough, or all. */
  expire(nowUs = Number.POSITIVE_INFINITY): ToldQuery[] {
    const due = this.#waiting.findIndex(({ query }) => Math.abs(nowUs - query.atUs) < WAIT_US);
    return this.#waiting.splice(0, due < 0 ? this.#waiting.length : due).map(tell);
  }

  #answer(serial: string | undefined, said: string): void {
    const found = this.#split(serial, said);
    this.#chain = undefined;
    if (!found) return;
    const { waiting, name, answer } = found;
    if (answer === '<CNAME>') {
      this.#chain = waiting;
      return;
    }
    waiting.names.add(name);
    const code = /^(?:NODATA|NXDOMAIN|SERVFAIL|REFUSED)/.exec(answer)?.[0];
    waiting.query.outcome = code && code !== 'NODATA' ? Outcome.FAILURE : Outcome.SUCCESS;
    if (!code && !/^<.*>$/.test(answer) && waiting.answers.length < ANSWERS_MAX) waiting.answers.push(answer);
  }

  /** "NAME is ANSWER", where either may hold " is ": the longest name that was asked for, else the first word that could be one. */
  #split(serial: string | undefined, said: string): { waiting: Waiting; name: string; answer: string } | undefined {
    const cuts = [...said.matchAll(/ is /g)].slice(0, CUTS_MAX).map(({ index }) => index);
    for (const cut of cuts.toReversed()) {
      const name = said.slice(0, cut);
      const waiting = this.#waiting.findLast((each) => each.serial === serial && each.names.has(name));
      if (waiting) return { waiting, name, answer: said.slice(cut + 4) };
    }
    const bySerial = serial === undefined ? this.#chain : this.#waiting.findLast((each) => each.serial === serial);
    const [first] = cuts;
    if (!bySerial || first === undefined) return undefined;
    return { waiting: bySerial, name: said.slice(0, first), answer: said.slice(first + 4) };
  }
}

function tell({ query, answers, line, done }: Waiting): ToldQuery {
  return { query: { ...query, answers }, line, done };
}

function portOf(port: string | undefined): { clientPort?: number } {
  return port ? { clientPort: Math.min(Number(port), 65_535) } : {};
}
