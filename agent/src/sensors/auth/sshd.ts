// sshd and, from OpenSSH 9.8, sshd-session and sshd-auth.
//
// One source per fact:
// - a logon attempt is the line "Failed|Accepted METHOD for ..."; pam_unix(sshd:auth) and "session opened" repeat it (pam.ts);
// - "Invalid user x" comes before any attempt. It is a LOGON of unknown outcome: counted as a failure only when sshd says so, yet
//   the name is on record when a scan goes away without trying a password;
// - the end before authentication is one PREAUTH_CLOSED, from the line that names the peer best: "Received disconnect ... port"
//   and "Disconnecting: Too many ..." are repeated by a fuller line of the same sshd;
// - the end of a session is pam_unix's "session closed".
//
// User names, key ids, banners and disconnect reasons are the peer's words. Address and port are therefore read from the fixed end
// of the line (greedy patterns), or from its fixed beginning where the peer's words come last.
import { Outcome } from '@threatguard/proto';
import {
  attempt,
  closedEarly,
  type Groups,
  type LineRule,
  logoff,
  logon,
  nothing,
  origin,
  repeats,
  says,
} from './fact.ts';
import { attempted, changedName, forwardRefused } from './sshd-peer.ts';
import { SSHD_SILENT } from './sshd-silent.ts';

const SERVICE = 'sshd';

function announced(reason: string): (groups: Groups) => ReturnType<typeof logon> {
  return (groups) =>
    logon(Outcome.OUTCOME_UNSPECIFIED, SERVICE, {
      user: { name: groups.user },
      authentication: { ...origin(groups), invalidUser: reason === 'invalid user', reason: groups.reason ?? reason },
    });
}

function refused(reason: string, method = '') {
  return (groups: Groups) =>
    logon(Outcome.FAILURE, SERVICE, {
      user: groups.user === undefined ? undefined : { name: groups.user },
      authentication: {
        method,
        ...origin(groups),
        keyFingerprint: groups.key ?? '',
        invalidUser: !!groups.invalid,
        reason: groups.reason ?? reason,
      },
    });
}

function closed(reason: string) {
  return (groups: Groups) =>
    closedEarly(SERVICE, {
      user: groups.user === undefined ? undefined : { name: groups.user },
      authentication: {
        ...origin(groups),
        invalidUser: groups.kind?.startsWith('invalid') ?? false,
        reason: groups.reason ?? reason,
      },
    });
}

const ATTEMPTS: LineRule[] = [
  says(/^(?<result>Failed|Accepted|Partial) (?<method>\S{1,64}) for (?<rest>.*)$/s, attempted),
  says(/^(?:Invalid|Illegal) user (?<user>.*) from (?<address>\S+) port (?<port>\d+)$/s, announced('invalid user')),
  says(/^(?:Invalid|Illegal) user (?<user>.*) from (?<address>\S+)$/s, announced('invalid user')),
  says(
    /^User (?<user>.*) from (?<address>\S+) not allowed because (?<reason>(?:not listed in|listed in|none of|a group|account is|shell|not in any|(?:deny|allow)users)[^"]{0,300})$/is,
    announced('not allowed'),
  ),
  says(/^User (?<user>\S{1,255}) not allowed because (?<reason>[^"]{1,300})$/s, announced('not allowed')),
  says(
    /^error: PAM: (?<reason>[^.]{1,120}?) for (?<invalid>illegal user |invalid user )?(?<user>.*) from (?<address>\S+)$/s,
    refused('PAM', 'keyboard-interactive/pam'),
  ),
  says(
    /^fatal: Access denied for user (?<user>.*) by PAM account configuration(?: \[preauth\])?$/s,
    refused('PAM account configuration'),
  ),
  says(/^ROOT LOGIN REFUSED FROM (?<address>\S+)(?: port (?<port>\d+))?(?: \[preauth\])?$/, (groups) =>
    refused('root logon refused')({ ...groups, user: 'root' }),
  ),
  says(
    /^(?:error: )?Authentication key (?<key>\S+ \S+) revoked by file .{0,1024}$/s,
    refused('key revoked', 'publickey'),
  ),
  says(/^(?:error: )?(?<reason>Certificate invalid: .{1,200}|Refusing certificate ID .{1,400})$/s, (groups) => ({
    ...refused('', 'publickey')(groups),
    missing: ['user.name', 'source.ip', 'source.port'],
  })),
  repeats(
    /^input_userauth_request: (?:invalid|illegal) user (?<user>.*?)(?: \[preauth\])?$/s,
    announced('invalid user'),
  ),
  repeats(
    /^PAM (?<count>\d{1,6}) more authentication failures?; logname=.{0,128}? uid=\d* euid=\d* tty=\S{0,64} ruser=\S{0,128} rhost=(?<address>\S{0,255})\s*(?: user=(?<user>.{0,256}))?$/s,
    attempt(SERVICE, Outcome.FAILURE, { method: 'pam' }),
  ),
  repeats(
    /^Starting session: .{0,512} for (?<user>\S{1,255}) from (?<address>\S+) port (?<port>\d+)(?: id \d+)?$/s,
    attempt(SERVICE, Outcome.SUCCESS),
  ),
];

const EARLY_ENDS: LineRule[] = [
  says(
    /^(?:error: )?maximum authentication attempts exceeded for (?<kind>invalid user )?(?<user>.*) from (?<address>\S+) port (?<port>\d+)(?: ssh\d?)?(?: \[preauth\])?$/s,
    closed('maximum authentication attempts exceeded'),
  ),
  says(
    /^Disconnecting: (?<reason>Too many authentication failures)(?: for (?<user>.*?))?(?: \[preauth\])?$/s,
    closed(''),
  ),
  repeats(
    /^Disconnecting (?<kind>invalid|authenticating) user (?<user>.*) (?<address>\S+) port (?<port>\d+): (?<reason>Too many authentication failures)(?: \[preauth\])?$/s,
    closed(''),
  ),
  says(
    /^Disconnecting (?:(?<kind>invalid|authenticating) user )(?<rest>.*: Change of username or service not allowed: \(.*)$/s,
    changedName,
  ),
  says(
    /^Disconnecting (?:(?<kind>invalid|authenticating) user (?<user>.*) )?(?<address>\S+) port (?<port>\d+): (?<reason>[^:]{1,200}?)(?: \[preauth\])?$/s,
    closed(''),
  ),
  says(
    /^Connection (?<reason>closed|reset) by (?<kind>invalid|authenticating) user (?<user>.*) (?<address>\S+) port (?<port>\d+)(?: \[preauth\])?$/s,
    closed(''),
  ),
  says(/^Connection (?<reason>closed|reset) by (?<address>\S+) port (?<port>\d+)(?: \[preauth\])?$/, closed('')),
  says(/^Connection (?<reason>closed|reset) by (?<address>\S+) \[preauth\]$/, closed('')),
  says(
    /^Disconnected from (?<kind>invalid|authenticating) user (?<user>.*) (?<address>\S+) port (?<port>\d+)(?: \[preauth\])?$/s,
    closed('disconnected'),
  ),
  says(/^Disconnected from (?<address>\S+) port (?<port>\d+) \[preauth\]$/, closed('disconnected')),
  repeats(
    /^(?:error: )?Received disconnect from (?<address>\S+) port (?<port>\d+): ?\d+: (?<reason>.{0,300}?) ?\[preauth\]$/s,
    closed(''),
  ),
  says(/^(?:error: )?Received disconnect from (?<address>\S+): \d+: (?<reason>.{0,300}?) ?\[preauth\]$/s, closed('')),
  says(
    /^(?:error: )?(?:Did not receive identification string|kex_exchange_identification: client sent invalid protocol identifier) from (?<address>\S+?)(?: port (?<port>\d+))?$/,
    closed('no identification string'),
  ),
  says(
    /^(?:error: )?Bad protocol version identification '.*' from (?<address>\S+)(?: port (?<port>\d+))?$/s,
    closed('bad protocol version'),
  ),
  says(
    /^(?:error: |fatal: )?(?:banner exchange|ssh_dispatch_run_fatal|ssh_packet_\w{1,40}|kex_\w{1,40}): Connection from (?:(?<kind>invalid|authenticating) user (?<user>.*) )?(?<address>\S+) port (?<port>\d+): (?<reason>[^:]{1,200}?)(?: \[preauth\])?$/s,
    closed(''),
  ),
  says(
    /^(?:fatal: )?Unable to negotiate with (?:(?<kind>invalid|authenticating) user (?<user>.*) )?(?<address>\S+?)(?: port (?<port>\d+))?: (?<reason>no matching .{1,200})/s,
    closed(''),
  ),
  says(
    /^(?:fatal: )?Timeout before authentication for (?:connection from )?(?<address>[^\s,]+)(?: port (?<port>\d+)| to .*)?(?: \[preauth\])?$/,
    closed('timeout before authentication'),
  ),
  says(
    /^(?:error: )?drop connection #\d+ from \[(?<address>[^\]\s]+)\]:(?<port>\d+) on \[[^\]\s]+\]:\d+ (?<reason>[a-zA-Z: ]{1,120})/,
    closed(''),
  ),
  says(
    /^(?:error: |fatal: )?(?<reason>Connection from \S{1,255} refused by .{1,100}|refused connect from .{1,300})$/s,
    (groups) => {
      const address = /(?:Connection from|\(|connect from) ?(?<address>[0-9a-fA-F.:]{2,64})\)?/.exec(
        groups.reason ?? '',
      );
      return closed('')({ ...groups, ...address?.groups });
    },
  ),
  says(/^(?:fatal: )?(?<reason>(?:Write|Read from socket) failed: .{1,100}) \[preauth\]$/, (groups) => ({
    ...closed('')(groups),
    missing: ['source.ip', 'source.port'],
  })),
];

const ENDS: LineRule[] = [
  repeats(
    /^(?:Disconnected from|Connection (?:closed|reset) by|Disconnecting) user (?<user>.*) (?<address>\S+) port (?<port>\d+)(?:: .{0,200})?$/s,
    (groups) => logoff(SERVICE, groups.user ?? '', groups),
  ),
  repeats(/^Close session: user (?<user>\S{1,255}) from (?<address>\S+) port (?<port>\d+)(?: id \d+)?$/, (groups) =>
    logoff(SERVICE, groups.user ?? '', groups),
  ),
  repeats(/^(?:error: )?Received disconnect from (?<address>\S+)(?: port (?<port>\d+))?: ?\d+: .{0,300}$/s, (groups) =>
    logoff(SERVICE, '', groups),
  ),
  says(
    /^(?:error: )?(?<command>refused (?:local|remote|streamlocal) port forward: .{1,600}|Received request .{0,300}to connect to .{1,400}), but the request was denied\.?$/s,
    forwardRefused,
  ),
  says(
    /^(?:error: )?(?<command>refused (?:local|remote|streamlocal) port forward: .{1,600}|(?:Server has disabled|Local|Remote) (?:port |dynamic )?forwarding.{0,300})$/s,
    forwardRefused,
  ),
];

export const SSHD_RULES: LineRule[] = [...ATTEMPTS, ...EARLY_ENDS, ...ENDS, nothing(SSHD_SILENT)];

/** sftp-server and internal-sftp: a session inside one that sshd has stated. */
export const SFTP_RULES: LineRule[] = [
  repeats(/^session opened for local user (?<user>.{1,256}) from \[(?<address>[^\]\s]{1,255})\]$/s, (groups) =>
    attempt('sftp', Outcome.SUCCESS)(groups),
  ),
  repeats(/^session closed for local user (?<user>.{1,256}) from \[(?<address>[^\]\s]{1,255})\]$/s, (groups) =>
    logoff('sftp', groups.user ?? '', groups),
  ),
  nothing(
    /^(?:received client version|(?:force )?(?:open|close|opendir|closedir|stat|lstat|fstat|setstat|mkdir|rmdir|remove|rename|posix-rename|readlink|symlink|realpath|read|write|sent status|statvfs|fsync|lsetstat|hardlink|limits|read dir) ?)/,
  ),
];
