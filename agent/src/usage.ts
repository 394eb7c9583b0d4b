// What --help prints. Exit codes are part of the interface.
export const DEFAULT_HOME = '/var/lib/threatguard/agent';

const EXIT_CODES = `Exit codes: 0 done or stopped by a signal, 1 failure, 2 wrong usage.`;
const ENROLL_EXIT_CODES = `Exit codes: 0 done, 1 failure, 2 wrong usage, 3 no collector answers: try again.`;

export const USAGE = `threatguard-agent: watches this host and sends what it sees, signed and sealed, to the collector

Usage:
  threatguard-agent enroll --collector HOST:PORT --token TOKEN [--home DIR] [--name NAME] [--force]
  threatguard-agent run [--home DIR] [--auth-log FILE]...
  threatguard-agent config [--home DIR] [--quiet]
  threatguard-agent doctor [--home DIR] [--output table|json]
  threatguard-agent keys seal|unseal [--home DIR]
  threatguard-agent parse --sensor auth|audit|falco|tetragon
  threatguard-agent demo --home DIR --collector HOST:PORT
  threatguard-agent --help | --version        (also: threatguard-agent COMMAND --help)

Examples:
  threatguard agents token create                       # on the console: makes a join token
  threatguard-agent enroll --collector tg.example.net:7443 --token tg1.ab12...
  threatguard-agent run
  threatguard-agent parse --sensor auth < /var/log/auth.log

${EXIT_CODES}
`;

export const COMMAND_USAGE: Record<string, string> = {
  enroll: `threatguard-agent enroll: buys this host's certificate with a join token

  --collector HOST:PORT  where the collector listens
  --token TOKEN          from "threatguard agents token create"; also read from THREATGUARD_TOKEN
  --home DIR             state of the agent (default ${DEFAULT_HOME})
  --name NAME            what operators call this host (default: its host name)
  --force                become a new agent although this home is enrolled; the former identity is kept in identity.old

Where the systemd unit of the package is installed, it is started.
The signing key is made on this host and never leaves it. The token names the collector's CA; nothing is sent to anybody else.

Example:
  threatguard-agent enroll --collector tg.example.net:7443 --token tg1.ab12...

${ENROLL_EXIT_CODES}
`,
  run: `threatguard-agent run: watches this host until SIGTERM or SIGINT

  --home DIR             state of the agent (default ${DEFAULT_HOME}); settings in DIR/agent.yaml
  --auth-log FILE        a further authentication log to follow; may be given several times

Environment: THREATGUARD_COLLECTOR, THREATGUARD_LOG_LEVEL, THREATGUARD_SPOOL_BYTES_MAX, THREATGUARD_AUDIT,
THREATGUARD_CRYPTO_PROVIDER override agent.yaml.
Log: one JSON object per line on standard error; "ready" once the sensors run, "connected" on each connection.

Example:
  threatguard-agent run --auth-log /var/log/bastion/auth.log

${EXIT_CODES}
`,
  config: `threatguard-agent config: checks agent.yaml and the environment, and prints the configuration that results, as JSON

  --home DIR             state of the agent (default ${DEFAULT_HOME})
  --quiet                print nothing where it is valid

Example:
  threatguard-agent config --home /var/lib/threatguard/agent

${EXIT_CODES}
`,
  doctor: `threatguard-agent doctor: what each sensor can and cannot see on this host, and what would fix it; changes nothing

  --home DIR             state of the agent (default ${DEFAULT_HOME})
  --output table|json    a table for people (default), or a JSON array of {area, check, state, finding, remedy}

State: ok; degraded (something is not seen or not sent: do what stands below it); spare (a second way that is not needed
now); off (switched off in agent.yaml). Run it as root: an ordinary user sees what an agent of that user would.

Example:
  sudo threatguard-agent doctor

Exit codes: 0 all is well, 1 something is degraded, 2 wrong usage.
`,
  keys: `threatguard-agent keys seal|unseal: seals this host's signing key under a passphrase, or writes it open again

  --home DIR             state of the agent (default ${DEFAULT_HOME})

Environment: THREATGUARD_KEY_PASSPHRASE_FILE names the file that holds the passphrase; under systemd, a credential. "run", "doctor"
and "enroll" read it too: a sealed key opens with it only, and a key made where it is set is sealed. The key is overwritten in
its old form; whether the disk keeps the old blocks is up to the disk.

Example:
  THREATGUARD_KEY_PASSPHRASE_FILE=/root/passphrase threatguard-agent keys seal

${EXIT_CODES}
`,
  parse: `threatguard-agent parse: shows what a sensor makes of lines on standard input, one JSON event per line

 "line" of an event is the number of its input line; of an event of several audit records, of the first of them.

  --sensor auth|audit|falco|tetragon
  --year YYYY            of the first time that names no year; it counts on at New Year
  --timezone ZONE        of times that name no zone, such as Europe/Berlin or +02:00
  --unparsed             also print the lines nobody understood, on standard error, where they are counted by kind

An event with "sent": false is one that "run" does not send: another line states the same, or nobody logged on (cron).

Example:
  threatguard-agent parse --sensor auth < /var/log/auth.log

${EXIT_CODES}
`,
  demo: `threatguard-agent demo: a dozen invented hosts that replay a week with attacks, and go on as it happens

For "threatguard up --demo", which starts it beside a collector that takes nothing else. Nothing of this host is read.

  --home DIR             state of the invented agents
  --collector HOST:PORT  a collector made with "threatguard-collector init --demo"
  --seed N               another week (default 1)
  --until TIME           when the week ends (default: now)
  --once                 ends after the week

Environment: THREATGUARD_TOKEN, a join token, while not all of them are enrolled.

Example:
  threatguard-agent demo --home ./demo/agents --collector 127.0.0.1:7443

${EXIT_CODES}
`,
};
