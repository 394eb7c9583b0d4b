import type { Framework } from '../framework.ts';

/** Directive (EU) 2022/2555. */
export const NIS2: Framework = {
  title: 'NIS2, Directive (EU) 2022/2555',
  controls: [
    {
      id: 'Art. 21(2)(b)',
      title: 'Incident handling',
      asks: 'Incidents are found and handled.',
      facts: ['alerts', 'incidents', 'handling'],
      notShown: 'What was done outside this system.',
    },
    {
      id: 'Art. 21(2)(c)',
      title: 'Continuity',
      asks: 'Work goes on after an incident.',
      facts: ['losses', 'agents'],
      notShown: 'Backups, recovery and crisis management.',
    },
    {
      id: 'Art. 21(2)(f)',
      title: 'Effectiveness',
      asks: 'It is assessed whether the measures work.',
      facts: ['agents', 'losses', 'exceptions', 'host_audit'],
      notShown: 'Tests and audits by others.',
    },
    {
      id: 'Art. 21(2)(h)',
      title: 'Cryptography',
      asks: 'There are policies for cryptography and, where fit, encryption.',
      facts: ['transport', 'keys', 'certificates'],
      notShown: 'The policies; encryption by other systems.',
    },
    {
      id: 'Art. 21(2)(i)',
      title: 'Access control',
      asks: 'Access and assets are controlled.',
      facts: ['authentication', 'failing_users', 'privileged', 'accounts', 'operators'],
      notShown: 'Security of staff; assets without an agent.',
    },
    {
      id: 'Art. 21(2)(j)',
      title: 'Authentication',
      asks: 'Multi-factor or continuous authentication is used where fit.',
      facts: ['authentication', 'transport'],
      notShown: 'Whether a logon on a host used a second factor.',
    },
    {
      id: 'Art. 23',
      title: 'Reporting',
      asks: 'Significant incidents are reported: early warning within 24 hours, notification within 72, final report within a month.',
      facts: ['handling', 'incidents', 'audit_chain'],
      notShown: 'Which incidents were significant, and when they were reported.',
    },
  ],
};
