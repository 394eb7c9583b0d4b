import type { Framework } from '../framework.ts';

/** FISMA by way of NIST SP 800-53 Rev. 5. */
export const FISMA: Framework = {
  title: 'FISMA, NIST SP 800-53 Rev. 5',
  controls: [
    {
      id: 'AC-2(4)',
      title: 'Account management: automated audit',
      asks: 'Creation, change and removal of accounts are audited.',
      facts: ['accounts'],
      notShown: 'Accounts of directories and applications.',
    },
    {
      id: 'AC-6(9)',
      title: 'Use of privileged functions',
      asks: 'Privileged functions are logged when they are used.',
      facts: ['privileged'],
      notShown: 'Functions inside applications.',
    },
    {
      id: 'AC-7',
      title: 'Unsuccessful logons',
      asks: 'Consecutive invalid attempts are limited.',
      facts: ['authentication', 'failing_users'],
      notShown: 'The limit itself: the setting of each host.',
    },
    {
      id: 'AU-2, AU-12',
      title: 'Event logging',
      asks: 'The events that need logging are chosen and logged.',
      facts: ['events', 'agents'],
      notShown: 'Why these events were chosen.',
    },
    {
      id: 'AU-5',
      title: 'Logging failures',
      asks: 'Failure of logging alerts somebody.',
      facts: ['losses', 'host_audit', 'refusals'],
      notShown: 'Who was told outside this system.',
    },
    {
      id: 'AU-6',
      title: 'Review and analysis',
      asks: 'Records are reviewed and findings reported.',
      facts: ['alerts', 'handling'],
      notShown: 'Review of what raised no alert.',
    },
    {
      id: 'AU-9, AU-9(3)',
      title: 'Protection of audit information',
      asks: 'Audit information is protected from change, by cryptography.',
      facts: ['audit_chain', 'heads', 'operators'],
      notShown: 'FIPS validation of the cryptography: it is not validated.',
    },
    {
      id: 'AU-10',
      title: 'Non-repudiation',
      asks: 'There is proof of who did what.',
      facts: ['heads', 'transport'],
      notShown: 'Which person used an account.',
    },
    {
      id: 'AU-11',
      title: 'Retention',
      asks: 'Audit records are kept as long as the policy says.',
      facts: ['retention_settings', 'retention', 'holds'],
      notShown: 'The policy.',
    },
    {
      id: 'IR-4, IR-5',
      title: 'Incident handling and monitoring',
      asks: 'Incidents are handled, tracked and documented.',
      facts: ['incidents', 'alerts', 'handling'],
      notShown: 'Reports to CISA.',
    },
    {
      id: 'SC-8(1), SC-12',
      title: 'Transmission, keys',
      asks: 'Transmission is protected by cryptography, and keys are managed.',
      facts: ['transport', 'keys', 'certificates'],
      notShown: 'FIPS validation; transmission of other systems.',
    },
    {
      id: 'SI-4',
      title: 'System monitoring',
      asks: 'Systems are watched for attacks and unauthorised use.',
      facts: ['events', 'alerts', 'exceptions', 'agents'],
      notShown: 'What no rule speaks of.',
    },
    {
      id: 'SI-7',
      title: 'Integrity of software and information',
      asks: 'Unauthorised changes are detected.',
      facts: ['files'],
      notShown: 'Paths no agent watches.',
    },
  ],
};
