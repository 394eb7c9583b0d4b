// sudo's own line: "alice : [reason ; ]TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls -l".
// What stands before TTY= is sudo's; the working directory and the command are the user's words. The outcome is therefore read
// before TTY=, the target from the first USER= after it, and the command is everything after the first COMMAND=.
import { Outcome } from '@threatguard/proto';
import { type Fact, type LineRule, privilege } from './fact.ts';

const COMMAND =
  /^\s*(?<user>\S.{0,255}?) : (?:(?<reason>[^;=]{1,300}?) ; )?(?:HOST=[^;]{0,255} ; )?(?:TTY=(?<tty>\S{1,64}) ; )?(?:CHROOT=.{0,512}? ; )?PWD=(?<directory>.{0,4096}?) ; USER=(?<target>.{0,256}?) ;(?: GROUP=.{0,256}? ;)?(?: TSID=\S{1,64} ;)?(?: ENV=.{0,2048}? ;)? COMMAND=(?<command>.*)$/s;
const WITHOUT_COMMAND =
  /^\s*(?<user>\S.{0,255}?) : (?<reason>[^;=]{1,300}?) ; (?:TTY=(?<tty>\S{1,64}) ; )?PWD=(?<directory>.{0,4096}?) ;(?: USER=(?<target>.{0,256}?) ;)?\s*$/s;
const ATTEMPTS = /^(\d{1,4}) incorrect password attempts?$/;

function ran(groups: Record<string, string | undefined>): Fact {
  const reason = groups.reason?.trim() ?? '';
  const attempts = ATTEMPTS.exec(reason);
  return privilege(reason ? Outcome.FAILURE : Outcome.SUCCESS, 'sudo', {
    user: { name: groups.user },
    targetUser: { name: groups.target ?? '' },
    process: { workingDirectory: groups.directory },
    authentication: {
      method: attempts ? 'password' : '',
      tty: groups.tty === 'unknown' ? '' : groups.tty,
      command: groups.command ?? '',
      reason,
      count: attempts && attempts[1] !== '1' ? Number(attempts[1]) : 0,
    },
  });
}

export const SUDO_RULES: LineRule[] = [
  { pattern: COMMAND, fact: ran },
  { pattern: WITHOUT_COMMAND, fact: ran },
  {
    pattern:
      /^(?:\s*\S{1,255} : \(command continued\)|pam_|unable to|.{0,200}(?:no tty present|a terminal is required))/s,
    fact: null,
  },
];
