// Plain lists, one indicator a line, as abuse.ch, Spamhaus and many others give them away: `#`, `;` and `//` begin comments, also
// behind a value; a line of a hosts file names what is behind its address; `||name^` is a name for ad blockers.
import type { FeedReport } from './feed-report.ts';

/** What a hosts file points names at, so that they lead nowhere. */
const NOWHERE = new Set(['0.0.0.0', '127.0.0.1', '::', '::1', '255.255.255.255', 'fe80::1%lo0']);
/** Stand in every hosts file and mean this host. */
const OWN_NAMES = /^(?:localhost(?:\.localdomain)?|local|broadcasthost|ip6-[a-z]+|0\.0\.0\.0)$/i;
const COMMENT = /^(?:[#;!]|\/\/)/;

/** What follows a comment sign behind a value is what the value is about: `192.0.2.0/24 ; SBL1234`. */
const ENTRY = /^(\S+?)(?:\s*[;#](?!\/)\s*(.*)|\s+(.*))?$/;

export function readList(text: string, report: FeedReport): void {
  let number = 0;
  for (const raw of lines(text)) {
    number++;
    const line = raw.trim();
    if (line === '' || COMMENT.test(line)) continue;
    const [, first = '', comment, rest] = ENTRY.exec(line) ?? [];
    const where = `line ${number}`;
    if (NOWHERE.has(first.toLowerCase()) && rest) {
      for (const name of rest.replace(/[#;].*$/, '').split(/\s+/)) {
        if (name !== '' && !OWN_NAMES.test(name)) report.value(name, where, { subdomains: true }, 'domain');
      }
      continue;
    }
    const blocked = /^\|\|([^/^*$|]+)\^(?:\$.*)?$/.exec(first)?.[1];
    const about = (comment ?? /[;#]\s*(.*)$/.exec(rest ?? '')?.[1] ?? '').trim();
    report.value(blocked ?? first, where, { subdomains: true, about });
  }
}

/** Line by line, so that a large text is not there twice; a byte order mark is none of it. */
export function* lines(text: string): Iterable<string> {
  for (let start = text.startsWith('\ufeff') ? 1 : 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end < 0 ? undefined : end);
    if (end < 0) return;
    start = end + 1;
  }
}
