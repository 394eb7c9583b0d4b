// Servers that let people in from elsewhere, each in words of its own: dropbear, OpenVPN, Webmin, Kerberos, strongSwan, RADIUS.
import { Outcome } from '@threatguard/proto';
import { attempt, closed, type LineRule, logoff, nothing, repeats, says } from './fact.ts';

const { SUCCESS, FAILURE } = Outcome;
const FROM = 'from (?<address>\\S{1,255}):(?<port>\\d{1,5})';
const dropbear = (text: string, fact: NonNullable<LineRule['fact']>) => says(new RegExp(`^${text}$`, 's'), fact);

export const DROPBEAR_RULES: LineRule[] = [
  dropbear(
    `(?:PAM )?[Bb]ad (?:PAM )?password attempt for '(?<user>.{0,256})' ${FROM}`,
    attempt('dropbear', FAILURE, { method: 'password' }),
  ),
  dropbear(
    `[Ll]ogin attempt (?:for nonexistent|with wrong) user(?: '?(?<user>.{0,256}?)'?)? ${FROM}`,
    attempt('dropbear', FAILURE, { method: 'password', invalid: 'yes', reason: 'nonexistent user' }),
  ),
  dropbear(
    `Password auth succeeded for '(?<user>.{0,256})' ${FROM}`,
    attempt('dropbear', SUCCESS, { method: 'password' }),
  ),
  dropbear(
    `Pubkey auth succeeded for '(?<user>.{0,256})' with (?:\\S{1,64} )?key (?<key>[^']{1,255}) ${FROM}`,
    attempt('dropbear', SUCCESS, { method: 'publickey' }),
  ),
  dropbear(
    `PAM password auth succeeded for '(?<user>.{0,256})' ${FROM}`,
    attempt('dropbear', SUCCESS, { method: 'pam' }),
  ),
  dropbear(
    `Auth succeeded with blank password for '(?<user>.{0,256})' ${FROM}`,
    attempt('dropbear', SUCCESS, { method: 'none' }),
  ),
  dropbear(`(?<reason>root login rejected)`, attempt('dropbear', FAILURE, { user: 'root' })),
  dropbear(`(?:User account|user) '(?<user>.{0,256})' is (?<reason>locked)`, attempt('dropbear', FAILURE)),
  dropbear(
    `User '(?<user>.{0,256})' has (?<reason>(?:invalid shell|blank password).{0,100})`,
    attempt('dropbear', FAILURE),
  ),
  dropbear(
    `Exit before auth from <(?<address>[^>\\s]{1,255}):(?<port>\\d{1,5})>: (?<reason>.{0,300})`,
    closed('dropbear'),
  ),
  dropbear(
    `Exit before auth \\(user '(?<user>.{0,256})', \\d+ fails\\): (?<reason>Max auth tries reached) - user '.{0,256}' ${FROM}`,
    closed('dropbear'),
  ),
  dropbear(`Exit before auth \\(user '(?<user>.{0,256})', \\d+ fails\\): (?<reason>.{0,300})`, closed('dropbear')),
  dropbear(`Exit before auth: (?<reason>.{0,300})`, closed('dropbear')),
  dropbear(
    `Exit \\((?<user>[^()]{1,255})\\)(?: from <(?<address>[^>\\s]{1,255}):(?<port>\\d{1,5})>)?: .{0,300}`,
    (groups) => logoff('dropbear', groups.user ?? '', groups),
  ),
  nothing(
    /^(?:Child connection from|Exit|Running in|Not backgrounding|Early exit|Max auth tries|pam_|Failed |Premature|wtmp|Aiee)/,
  ),
];

/** OpenVPN names a client by its certificate or name before the address, "bob/192.0.2.1:5", or by the address alone. */
const VPN_PEER = '(?:(?<user>[^/\\s]{1,255})/)?(?<address>[0-9a-fA-F.:]{2,64}?)(?::(?<port>\\d{1,5}))?';

export const OPENVPN_RULES: LineRule[] = [
  says(new RegExp(`^${VPN_PEER} \\[(?<name>[^\\]]{0,255})\\] Peer Connection Initiated with .{1,200}$`), (groups) =>
    attempt('openvpn', SUCCESS, { method: 'certificate' })({ ...groups, user: groups.name || groups.user }),
  ),
  says(
    new RegExp(`^${VPN_PEER} (?<reason>TLS Auth Error: .{1,300})$`),
    attempt('openvpn', FAILURE, { method: 'password' }),
  ),
  says(
    new RegExp(`^${VPN_PEER} (?<reason>VERIFY ERROR: .{1,600})$`, 's'),
    attempt('openvpn', FAILURE, { method: 'certificate' }),
  ),
  repeats(
    new RegExp(
      `^${VPN_PEER} TLS: Username/Password authentication succeeded for username '(?<name>.{0,256}?)'.{0,100}$`,
      's',
    ),
    (groups) => attempt('openvpn', SUCCESS, { method: 'password' })({ ...groups, user: groups.name }),
  ),
  repeats(
    new RegExp(`^${VPN_PEER} (?:SENT CONTROL .{0,300}: 'AUTH_FAILED.{0,200}|Delayed exit in.{0,100})$`),
    attempt('openvpn', FAILURE),
  ),
  says(
    new RegExp(
      `^${VPN_PEER} (?<reason>TLS Error: TLS handshake failed|TLS Error: TLS key negotiation failed.{0,200})$`,
    ),
    closed('openvpn'),
  ),
  nothing(
    /^(?:\S{1,320}:\d{1,5} |\S{1,255}\/\S{1,64} |OpenVPN|TUN|TCP|UDP|library|MULTI|IFCONFIG|Initialization|Diffie|TLS|event_wait|PLUGIN|Listen|link|Data|net_|AUTH-PAM|pam_|WARNING|NOTE|Socket|Incoming|Outgoing|CRL|succeeded|Closing|SIG)/,
  ),
];

export const WEBMIN_RULES: LineRule[] = [
  says(
    /^Successful login as (?<user>.{1,256}) from (?<address>\S{1,255})$/s,
    attempt('webmin', SUCCESS, { method: 'password' }),
  ),
  says(
    /^(?:Invalid|Failed) login as (?<user>.{0,256}) from (?<address>\S{1,255})$/s,
    attempt('webmin', FAILURE, { method: 'password' }),
  ),
  says(
    /^Non-existent login as (?<user>.{0,256}) from (?<address>\S{1,255})$/s,
    attempt('webmin', FAILURE, { method: 'password', invalid: 'yes', reason: 'non-existent login' }),
  ),
  says(/^Logout by (?<user>.{1,256}) from (?<address>\S{1,255})$/s, (groups) =>
    logoff('webmin', groups.user ?? '', groups),
  ),
  says(/^Timeout of session for (?<user>.{1,256})$/s, (groups) => logoff('webmin', groups.user ?? '')),
  repeats(
    /^Security alert: Host (?<address>\S{1,255}) blocked after (?<count>\d{1,6}) failed logins(?: for user (?<user>.{0,256}))?$/s,
    attempt('webmin', FAILURE),
  ),
  nothing(/^(?:Webmin |Usermin |Perl |pam_|Restarting|Security alert)/),
];

export const KLOGIND_RULES: LineRule[] = [
  says(
    /^Authentication failed from (?<address>\S{1,255}) \(\S{0,255}\): (?<reason>.{0,300})$/s,
    attempt('klogind', FAILURE, { method: 'kerberos' }),
  ),
  // The same failure said a second and third time, without the peer.
  repeats(
    /^(?<reason>Kerberos authentication failed|Couldn't authenticate user)/,
    attempt('klogind', FAILURE, { method: 'kerberos' }),
  ),
  nothing(/^(?:ROOT LOGIN|connection from|pam_|warning)/),
];

/** MIT krb5kdc: what it answers to requests for a ticket-granting ticket. */
export const KDC_RULES: LineRule[] = [
  says(
    /^AS_REQ \(\d{1,3} etypes \{[^}]{0,600}\}\) (?<address>[0-9a-fA-F.:]{2,64}): (?<answer>ISSUE|PREAUTH_FAILED|CLIENT_NOT_FOUND|CLIENT_LOCKED_OUT|CLIENT EXPIRED|CLIENT KEY EXPIRED|LOCKED_OUT): (?:authtime [^,]{1,64}, etypes \{[^}]{0,300}\}, |authtime [^,]{1,64}, +)?(?<user>\S{1,512}) for krbtgt\/\S{1,512}(?:, (?<reason>.{0,300}))?$/s,
    (groups) =>
      attempt('krb5kdc', groups.answer === 'ISSUE' ? SUCCESS : FAILURE, {
        method: 'kerberos',
        ...(groups.answer === 'CLIENT_NOT_FOUND' && { invalid: 'yes' }),
      })(groups),
  ),
  nothing(
    /^(?:AS_REQ |TGS_REQ |closing down fd|setting up|listening on|commencing|preauth |shutting down|set up|Loaded|Connection)/,
  ),
];

/** strongSwan's charon. */
export const IPSEC_RULES: LineRule[] = [
  says(
    /^(?:\d{1,4}\[IKE\] )?(?:<[^>]{1,64}> )?(?:XAuth|EAP method \S{1,32}|EAP-\S{1,32}) (?:authentication )?(?:of '(?<user>.{1,256})' )?(?<result>successful|succeeded|failed)(?:.{0,200})$/s,
    (groups) => attempt('ipsec', groups.result === 'failed' ? FAILURE : SUCCESS, { method: 'eap' })(groups),
  ),
  repeats(
    /^(?:\d{1,4}\[IKE\] )?(?:<[^>]{1,64}> )?authentication of '(?<user>.{1,256})' with (?<method>.{1,64}?) (?<result>successful|failed).{0,100}$/s,
    (groups) => attempt('ipsec', groups.result === 'failed' ? FAILURE : SUCCESS)(groups),
  ),
  nothing(/^\d{1,4}\[[A-Z]{3}\] /),
];

export const RADIUS_RULES: LineRule[] = [
  says(
    /^(?:\(\d+\) )?(?:Auth: )?(?:\(\d+\) +)?Login (?<result>OK|incorrect)(?: \((?<reason>.{1,200}?)\))?: \[(?<rest>.{1,600}) \(from client \S{1,255} port \d{1,10}(?: cli (?<address>\S{1,255}))?.{0,100}\)$/s,
    ({ result, reason, rest = '', address }) =>
      // The password may stand after the name, "bob/secret": it goes no further than the log it came from.
      attempt('radius', result === 'OK' ? SUCCESS : FAILURE, { method: 'radius' })({
        user: rest.replace(/(?:\/.*)?\]$/s, ''),
        reason,
        address: /^[0-9a-fA-F.:]{2,64}$/.test(address ?? '') ? address : undefined,
      }),
  ),
  nothing(/^(?:\(\d+\) )?(?:Info|Error|Debug|Warning|Ready|Signalled|Loaded|rlm_|Listening)/),
];

export const CHKPWD_RULES: LineRule[] = [
  repeats(
    /^(?<reason>password check failed) for user \((?<user>.{0,256})\)$/s,
    attempt('unix_chkpwd', FAILURE, { method: 'password' }),
  ),
  repeats(
    /^(?<reason>check pass; user unknown)$/,
    attempt('unix_chkpwd', FAILURE, { method: 'password', invalid: 'yes' }),
  ),
  nothing(/^(?:could not obtain|inappropriate use|Bad password)/),
];
