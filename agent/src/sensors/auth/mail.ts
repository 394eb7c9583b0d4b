// dovecot, postfix, exim, saslauthd, courier, cyrus: who may read or send mail. The name is the peer's word everywhere.
import { Outcome } from '@threatguard/proto';
import {
  attempt,
  closed,
  type Groups,
  isRepeated,
  type LineRule,
  logoff,
  nothing,
  repeats,
  says,
  withhold,
} from './fact.ts';

const { SUCCESS, FAILURE } = Outcome;

// The name comes before the address, so the last address is dovecot's: what follows it is no peer's word.
const DOVECOT_PEER =
  'user=<(?<user>.{0,256})>, (?:method=(?<method>[^,\\s]{0,64}), )?rip=(?<address>[^,\\s]{1,64})(?:, .{0,600})?$';
const dovecot = (text: string) =>
  new RegExp(`^(?:[\\w-]{1,32}-login|submission|managesieve): (?:Info: )?${text}${DOVECOT_PEER}`, 's');

export const DOVECOT_RULES: LineRule[] = [
  says(dovecot('Login: '), attempt('dovecot', SUCCESS)),
  says(
    dovecot(
      '(?:Disconnected|Aborted login|Login aborted)[^(]{0,200}\\((?<reason>auth failed), (?<count>\\d{1,6}) attempts[^)]{0,100}\\)(?: \\([^)]{0,64}\\))?: ',
    ),
    attempt('dovecot', FAILURE),
  ),
  says(
    dovecot(
      '(?:Disconnected|Aborted login|Login aborted|Maximum)[^(]{0,200}\\((?<reason>[^)]{1,200})\\)(?: \\([^)]{0,64}\\))?: ',
    ),
    (groups) => closed('dovecot')({ ...groups, user: groups.user || undefined }),
  ),
  repeats(
    /^auth(?:-worker)?(?:\(\d+\))?: (?:Info: |Error: |conn unix:.{0,200}?: auth-worker<\d+>: )?[\w-]{1,32}\((?<user>.{0,256}),(?<address>[0-9a-fA-F.:]{2,64})(?:,<[^>]{0,64}>)?\): (?<reason>.{0,60}(?:[Pp]assword mismatch|unknown user|Unknown user|pam_authenticate\(\) failed).{0,200})$/s,
    attempt('dovecot', FAILURE),
  ),
  says(
    /^(?:imap|pop3|managesieve|submission)\((?<user>[^()]{1,255})\)(?:<\d+><[^>]{0,64}>)?: (?:Info: )?(?:Disconnected: )?Logged out.{0,300}$/s,
    (groups) => logoff('dovecot', groups.user ?? ''),
  ),
  nothing(
    /^(?:[\w-]{1,32}-login: |imap|pop3|lda|lmtp|master|auth|anvil|log|config|pam_|managesieve|indexer|stats|submission|doveconf|ssl-params)/,
  ),
];

const POSTFIX_PEER = '[^\\s[]{1,255}\\[(?<address>[0-9a-fA-F.:]{2,64}|unknown)\\](?::(?<port>\\d+))?';

export const POSTFIX_RULES: LineRule[] = [
  says(
    new RegExp(
      `^(?:warning: )?${POSTFIX_PEER}: SASL (?<method>\\S{1,64}) authentication (?:failed|aborted): ?(?<reason>.{0,300}?)(?:, sasl_username=(?<user>.{0,255}))?$`,
      's',
    ),
    attempt('postfix', FAILURE),
  ),
  says(
    new RegExp(
      `^[0-9A-Za-z]{1,32}: client=${POSTFIX_PEER}, sasl_method=(?<method>[^,\\s]{1,64}), sasl_username=(?<user>[^,]{1,255})`,
      's',
    ),
    attempt('postfix', SUCCESS),
  ),
  says(
    new RegExp(`^(?<reason>too many errors after AUTH|lost connection after AUTH) from ${POSTFIX_PEER}$`),
    closed('postfix'),
  ),
  repeats(
    new RegExp(
      `^disconnect from ${POSTFIX_PEER} (?:[\\w-]{1,32}=\\d+(?:/\\d+)? )*?auth=0/(?<count>\\d{1,6})(?: .{0,300})?$`,
    ),
    attempt('postfix', FAILURE),
  ),
  nothing(
    /^(?:connect |disconnect |lost connection|warning: |NOQUEUE|[0-9A-Za-z]{6,32}: |statistics|timeout|improper|too many|SSL_|TLS|Anonymous TLS|Trusted|Untrusted|table |fatal: |error: )/,
  ),
];

/** 535: refused; 435: what exim asked did not answer, and nobody was let in. */
const EXIM_PEER =
  /\[(?<address>[0-9a-fA-F.:]{2,64})\](?::(?<port>\d{1,5}))?(?: I=\[[^\]]{1,64}\](?::\d{1,5})?)?(?: U=\S{1,64})?: [45]35/g;

export const EXIM_RULES: LineRule[] = [
  says(
    /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [+-]\d{4})? )?(?:\[\d+\] )?(?<method>[\w-]{1,64}) authenticator failed for (?<rest>.{1,2048})$/s,
    (groups: Groups) => {
      const { rest = '', method } = groups;
      const peer = rest.matchAll(EXIM_PEER).next().value?.groups;
      const user = /\(set_id=(?<user>.{0,256})\)$/s.exec(rest)?.groups?.user;
      const fact = attempt('exim', FAILURE, { method })({ ...peer, user });
      // Greeting before the address and name after it are the peer's words.
      return isRepeated(EXIM_PEER, rest) ? withhold(fact, 'source.ip', 'source.port') : fact;
    },
  ),
  nothing(
    /^(?:\d{4}-\d\d-\d\d )|^(?:[\w-]{6,32} )?(?:<=|=>|->|\*\*|==|Completed)|^(?:no |SMTP|TLS|H=|unexpected|rejected|pam_)/,
  ),
];

/** saslauthd names no peer: the daemon that asked it does. */
export const SASL_RULES: LineRule[] = [
  repeats(
    /^(?:do_auth|pam_auth|auth_pam) *: auth (?<result>failure|success): \[user=(?<user>.{0,256}?)\] \[service=[^\]]{0,64}\] \[realm=[^\]]{0,255}\] \[mech=(?<method>[^\]]{0,64})\](?: \[reason=(?<reason>[^\]]{0,200})\])?$/s,
    (groups) => attempt('saslauthd', groups.result === 'success' ? SUCCESS : FAILURE)(groups),
  ),
  nothing(/^(?:do_auth|pam_|auth_|DEBUG|server_exit|detach|ipc_|rel_accept|get_accept|entered|master pid|listening)/),
];

/** courier's imapd, pop3d and their TLS twins: "LOGIN, user=bob, ip=[::ffff:192.0.2.1], port=[5], protocol=IMAP". */
export const COURIER_RULES: LineRule[] = [
  says(
    /^LOGIN, user=(?<user>.{0,256}), ip=\[(?<address>[0-9a-fA-F.:]{2,64})\](?:, port=\[(?<port>\d{1,5})\])?(?:, protocol=\w{1,16})?$/s,
    attempt('courier', SUCCESS, { method: 'password' }),
  ),
  says(
    /^LOGIN FAILED, (?:method=(?<method>[\w-]{1,32}), )?(?:user=(?<user>.{0,256}), )?ip=\[(?<address>[0-9a-fA-F.:]{2,64})\](?:, port=\[(?<port>\d{1,5})\])?$/s,
    attempt('courier', FAILURE, { method: 'password' }),
  ),
  says(/^LOGOUT, user=(?<user>.{0,256}), ip=\[(?<address>[0-9a-fA-F.:]{2,64})\].{0,300}$/s, (groups) =>
    logoff('courier', groups.user ?? '', groups),
  ),
  nothing(/^(?:Connection|DISCONNECTED|LOGOUT|TIMEOUT|couriertls|pam_|Disconnected)/),
];
