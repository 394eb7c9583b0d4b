// vsftpd, proftpd, pure-ftpd, ftpd: each states its own logons; the failures of vsftpd and ftpd PAM says as well.
import { Outcome } from '@threatguard/proto';
import {
  attempt,
  closed,
  type Fact,
  type Groups,
  type LineRule,
  logoff,
  nothing,
  repeats,
  says,
  withhold,
} from './fact.ts';

const { SUCCESS, FAILURE } = Outcome;

export const FTPD_RULES: LineRule[] = [
  says(
    /^ANONYMOUS FTP LOGIN FROM (?<address>[^\s,]+), ?.{0,300}?(?: \((?<user>[^)]{0,255})\))?$/s,
    attempt('ftpd', SUCCESS, { method: 'anonymous' }),
  ),
  says(
    /^FTP LOGIN FROM (?<address>[^\s,]+)(?: \[[^\]]{1,64}\])?,? (?:as )?.{0,300}?\(?(?<user>[^()\s]{1,255})\)?$/s,
    attempt('ftpd', SUCCESS, { method: 'password' }),
  ),
  says(
    /^(?:failed|FAILED|repeated) (?:login|FTP LOGIN|logins?)(?: failures)? (?:from|FROM) (?<address>[^\s,]+)(?: \[[^\]]{1,64}\])?(?:, (?<user>.{0,256}))?$/s,
    attempt('ftpd', FAILURE, { method: 'password' }),
  ),
  says(
    /^FTP LOGIN REFUSED (?:\(.{0,100}\) )?FROM (?<address>[^\s,]+)(?: \[[^\]]{1,64}\])?, (?<user>.{0,256})$/s,
    attempt('ftpd', FAILURE, { reason: 'refused' }),
  ),
  says(/^User unknown (?<reason>timed out) after \d+ seconds at .{1,64}$/, (groups) => ({
    ...closed('ftpd')(groups),
    missing: ['source.ip'],
  })),
  nothing(
    /^(?:connection from|CONNECT|getpeername|FTP session|pam_|lost connection|User .{1,256} timed out|exiting|\w{3,4} )/,
  ),
];

/** "[bob] OK LOGIN: Client "192.0.2.1"", after "[pid 2] " in vsftpd's own log. */
const VSFTPD = /\] (?<result>OK|FAIL) LOGIN: Client "(?<address>[^"\s]{1,255})"(?=$|, anon password ")/g;

function vsftpd({ rest = '' }: Groups): Fact {
  const found = [];
  for (const match of rest.matchAll(VSFTPD)) {
    if (found.length === 2) break;
    const tail = rest.slice(match.index + match[0].length);
    if (tail === '' || tail.endsWith('"')) found.push({ ...match.groups, user: rest.slice(0, match.index) });
  }
  const reading: Groups = found[0] ?? {};
  const fact = attempt('vsftpd', reading.result === 'OK' ? SUCCESS : FAILURE, { method: 'password' })(reading);
  // An anonymous password may hold the end of a line, and a name its beginning.
  return found.length < 2 ? fact : withhold(fact, 'event.outcome', 'source.ip', 'user.name');
}

export const VSFTPD_RULES: LineRule[] = [
  says(/^\[pid \d{1,10}\] \[(?<rest>.{0,2048}\] (?:OK|FAIL) LOGIN: Client ".{1,2048}")$/s, vsftpd),
  says(/^\[(?<rest>.{0,2048}\] OK LOGIN: Client ".{1,2048}")$/s, vsftpd),
  // In the system's log, PAM states the failure beside it.
  repeats(/^\[(?<rest>.{0,2048}\] FAIL LOGIN: Client ".{1,2048}")$/s, vsftpd),
  nothing(/^(?:(?:\[pid \d{1,10}\] )?(?:\[.{0,255}\] )?(?:CONNECT|OK |FAIL |DEBUG|FTP )|pam_)/),
];

/** proftpd names the peer at the start, "(host[address])" or "host (name[address]) - ": its own words, before the user's. */
const PEER = '^(?:\\S{1,255} )?\\([^\\s()[]{0,255}\\[(?<address>[0-9a-fA-F.:]{1,64})\\]\\)(?: -|:)? ';
const proftpd = (text: string, outcome: Outcome, fixed: Groups = {}): LineRule =>
  says(new RegExp(`${PEER}${text}$`, 's'), attempt('proftpd', outcome, { method: 'password', ...fixed }));

export const PROFTPD_RULES: LineRule[] = [
  proftpd('ANON (?<user>.{0,256}): Login successful\\.?', SUCCESS, { method: 'anonymous' }),
  proftpd('USER (?<user>.{0,256}): Login successful\\.?', SUCCESS),
  proftpd('USER (?<user>.{0,256}) \\(Login failed\\): (?<reason>.{0,200}?)\\.?', FAILURE),
  proftpd('USER (?<user>.{0,256}): no such user found from .{0,600}', FAILURE, {
    invalid: 'yes',
    reason: 'no such user',
  }),
  proftpd('SECURITY VIOLATION: .{0,40}root login attempted.{0,40}', FAILURE, {
    user: 'root',
    reason: 'root login attempted',
  }),
  proftpd('(?<reason>Maximum login attempts) \\(\\d+\\) exceeded.{0,100}', FAILURE, { user: '' }),
  nothing(
    /^.{0,600}(?:FTP session|Preparing to chroot|connected|Connection|mod_|Login timeout|Idle|Client session|SSH2 session)|^(?:pam_|ProFTPD|mod_|error|warning|daemon)/,
  ),
];

const PURE = '^\\((?<who>[^@\\s]{0,255})@(?<address>[^)\\s]{1,255})\\) \\[\\w{1,16}\\] ';

export const PURE_FTPD_RULES: LineRule[] = [
  says(
    new RegExp(`${PURE}Authentication failed for user \\[(?<user>.{0,256})\\]$`, 's'),
    attempt('pure-ftpd', FAILURE, { method: 'password' }),
  ),
  says(
    new RegExp(`${PURE}(?<user>\\S{1,255}) is now logged in$`),
    attempt('pure-ftpd', SUCCESS, { method: 'password' }),
  ),
  says(new RegExp(`${PURE}Anonymous user logged in.{0,100}$`), (groups) =>
    attempt('pure-ftpd', SUCCESS, { method: 'anonymous' })({ ...groups, user: 'anonymous' }),
  ),
  says(new RegExp(`${PURE}Logout\\.$`), (groups) => {
    const { who } = groups;
    return who && who !== '?' ? logoff('pure-ftpd', who, groups) : null;
  }),
  nothing(/^\([^@\s]{0,255}@[^)\s]{1,255}\) |^pam_/),
];
